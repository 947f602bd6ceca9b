import { createInterface } from 'node:readline'
import type { Turn } from './job.ts'

/** Long turns of fast steps are long enough with so many. */
const MOST_STEPS = 100_000

/**
 * Answers each line of standard input, a number of seconds, with a turn of that length: steps made one after another, at least
 * one. Steps are counted on from turn to turn.
 */
export async function serveTurns(step: (index: number) => unknown): Promise<void> {
  let index = 0
  for await (const line of createInterface({ input: process.stdin })) {
    const end = performance.now() + 1000 * Number(line)
    const times: number[] = []
    let now = performance.now()
    while (times.length < MOST_STEPS && (times.length === 0 || now < end)) {
      const result = step(index++)
      // Waiting for what is there already would cost a fast step its time.
      if (result instanceof Promise) await result
      const after = performance.now()
      times.push(after - now)
      now = after
    }
    answer({ ms: median(times), steps: times.length } satisfies Turn)
  }
  process.exit()
}

export const answer = (value: object): void => void process.stdout.write(`${JSON.stringify(value)}\n`)

export function median(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort()
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
