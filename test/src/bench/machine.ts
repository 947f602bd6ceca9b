import { availableParallelism, cpus, loadavg, release, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'
import { Competitor } from './competitor.ts'
import type { Rates } from './peak.ts'

/** What figures were measured on. */
export interface Machine {
  /** Year, month and day. */
  readonly date: string
  readonly cpu: string
  readonly cores: number
  readonly memoryBytes: number
  readonly system: string
  readonly node: string
  readonly v8: string
  /** How many other programs wanted a core, on average over a minute, when all began; 0 where the system does not say. */
  readonly load: number
  /** By the number of threads: the most that 128-bit SIMD does on so many, in GFLOP/s. */
  readonly peak: Readonly<Record<number, Rates>>
}

export async function machineFacts(): Promise<Machine> {
  const load = loadavg()[0]!
  const cores = availableParallelism()
  const peak: Record<number, Rates> = {}
  for (const threads of cores > 1 ? [1, 2] : [1]) peak[threads] = await peakOf(threads)
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: cpus()[0]?.model.replace(/ +/g, ' ').trim() ?? 'unknown',
    cores,
    memoryBytes: totalmem(),
    system: `${type()} ${release()}`,
    node: process.versions.node,
    v8: process.versions.v8,
    load,
    peak,
  }
}

/** The best of several turns, as whatever else runs only takes away from it. */
async function peakOf(threads: number): Promise<Rates> {
  const file = process.execPath
  const args = ['--import', 'tsx', fileURLToPath(new URL('peak.ts', import.meta.url))]
  const processes = Array.from({ length: threads }, () => new Competitor({ file, args }))
  const best = { separate: 0, relaxed: 0 }
  for (let turn = 0; turn < 5; turn++) {
    const answers = await Promise.all(processes.map((one) => one.turn(0.2)))
    for (const kind of ['separate', 'relaxed'] as const) {
      best[kind] = Math.max(
        best[kind],
        answers.reduce((total, answer) => total + answer[kind]!, 0),
      )
    }
  }
  for (const one of processes) await one.close()
  return best
}
