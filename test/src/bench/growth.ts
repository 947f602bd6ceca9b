import type { Machine } from './machine.ts'
import { bestOf, type MeasureOptions, measureRow } from './measure.ts'
import type { Growth, Row } from './rows.ts'
import { median } from './turns.ts'

/** How the cost of a step grows. */
export interface GrowthResult {
  readonly growth: Growth
  readonly points: readonly GrowthPoint[]
}

interface GrowthPoint {
  readonly size: number
  /** By threads: what a step takes, and the share of the machine's most that its matrix products reach. */
  readonly cotangent: readonly { readonly threads: number; readonly ms: number; readonly share: number }[]
  /** PyTorch at its best. */
  readonly peer?: { readonly title: string; readonly threads: number; readonly ms: number }
}

export async function measureGrowth(
  growth: Growth,
  data: string,
  { peak }: Machine,
  options: MeasureOptions,
): Promise<GrowthResult> {
  const points: GrowthPoint[] = []
  for (const size of growth.sizes) {
    const sizes = { data, hidden: 50, batch: 100, [growth.size]: size }
    const row: Row = {
      name: `${growth.name} ${size}`,
      title: growth.title,
      work: 'w1',
      batch: sizes.batch,
      measures: [{ name: 'time', unit: 'ms', of: ({ ms }) => ms!, text: String }],
      seconds: 0.3,
      rounds: 3,
    }
    const peers = options.peers.filter((name) => name === 'pytorch')
    const entries = await measureRow(row, sizes, { ...options, peers })
    const cotangent = entries
      .filter(({ system }) => system === 'cotangent')
      .map(({ threads, values }) => {
        const ms = median(values[0]!)
        return { threads, ms, share: flops(sizes) / (ms * 1e6 * peak[threads]!.separate) }
      })
    const peer = bestOf(entries, 'pytorch', 0)
    points.push({
      size,
      cotangent,
      ...(peer === undefined
        ? {}
        : { peer: { title: peer.title, threads: peer.threads, ms: median(peer.values[0]!) } }),
    })
  }
  return { growth, points }
}

/** Of the matrix products of a step: forward, by the weights, and by the hidden layer; the gradient of the images is not wanted. */
function flops({ hidden, batch }: { readonly hidden: number; readonly batch: number }): number {
  return 2 * batch * (2 * 784 * hidden + 3 * hidden * 10)
}
