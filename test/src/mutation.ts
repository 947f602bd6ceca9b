/**
 * The mutation run: plants every mutant of every vjp rule, and expects a law to fail for it.
 *
 * `pnpm test:mutation` prints what survives and the kill rate, and ends with code 1 unless all die.
 */
import { loadLaws } from './laws/all.ts'
import { killerOf, mutantsOf } from './laws/mutants.ts'

/** Random calls an operation. */
const CALLS = 24

const started = performance.now()
const results = mutantsOf(await loadLaws(), CALLS).map((mutant) => ({
  ...mutant,
  killed: killerOf(mutant) !== undefined,
}))
for (const { kind, name, trials } of results.filter(({ killed }) => !killed)) {
  const operations = [...new Set(trials.map(({ operation }) => operation))]
  console.log(`survives: ${kind}: ${name}${operations.length > 0 ? ` (used by ${operations.join(', ')})` : ''}`)
}
for (const kind of new Set(results.map((result) => result.kind)))
  report(
    kind,
    results.filter((result) => result.kind === kind),
  )
report('all mutants', results)
console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exitCode = results.every(({ killed }) => killed) ? 0 : 1

function report(kind: string, among: readonly { readonly killed: boolean }[]): void {
  const killed = among.filter((one) => one.killed).length
  console.log(`${kind.padEnd(32)}killed ${killed} of ${among.length} (${((100 * killed) / among.length).toFixed(1)} %)`)
}
