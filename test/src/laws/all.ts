import { readdirSync } from 'node:fs'
import * as ops from '@cotangent/ops'
import type { Call, Law } from '@cotangent/ops/laws'
import fc from 'fast-check'

/** Where the laws lie: beside the operations. */
const OPERATIONS = new URL('../../../packages/ops/src/', import.meta.url)

/** The names of all operations that are exported. */
export const operations: readonly string[] = Object.entries(ops)
  .filter(([, exported]) => typeof exported === 'function')
  .map(([name]) => name)
  .sort()

/** The law of each operation, from every `x.laws.ts`. */
export async function loadLaws(): Promise<ReadonlyMap<string, Law>> {
  const found = new Map<string, Law>()
  for (const file of readdirSync(OPERATIONS).filter((name) => name.endsWith('.laws.ts'))) {
    // Files of laws export `laws`, which they check with `satisfies`.
    const { laws } = (await import(new URL(file, OPERATIONS).href)) as { laws: Readonly<Record<string, Law>> }
    for (const [name, law] of Object.entries(laws)) {
      if (found.has(name)) throw new Error(`${file}: ${name} has two laws`)
      found.set(name, law)
    }
  }
  return found
}

/** The seed of all random calls; a failure prints it, and `FC_SEED` replaces it. */
export const SEED = Number(process.env.FC_SEED ?? 20_250_417)

/** Ten times as many random calls with `LAWS=full`. */
export const runs = (count: number): number => (process.env.LAWS === 'full' ? 10 * count : count)

/** Checks `property` for `count` random calls of `operation`; a failure tells the smallest call, the seed and the path. */
export function forCalls(operation: string, law: Law, count: number, property: (call: Call) => unknown): void {
  const calls = law.calls.map((call) => ({ ...call, [fc.toStringMethod]: () => callText(operation, call) }))
  // A property that gives a value would count as failed.
  const held = (call: Call): void => void property(call)
  fc.assert(fc.property(calls, held), { seed: SEED, numRuns: runs(count), includeErrorInReport: true })
}

/** A call as one would write it. */
function callText(operation: string, { inputs, options }: Call): string {
  const tensors = inputs.map((input) => `${input.dtype} [${input.shape.join(', ')}] {${[...input.data].join(', ')}}`)
  return `${operation}(${[...tensors, ...(options === undefined ? [] : [JSON.stringify(options)])].join('; ')})`
}
