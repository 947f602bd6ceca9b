/**
 * The mutation run: plants every mutant of every vjp rule, and expects a law to fail for it; then every mutant of the compiler, and
 * expects one of its tests to fail.
 *
 * `pnpm test:mutation` prints what survives and the kill rate, and ends with code 1 unless all die.
 */
import { loadLaws } from './laws/all.ts'
import { COMPILER_MUTANTS, survivorsAmong } from './laws/compilerMutants.ts'
import { CONVOLUTION_MUTANTS, convolutionSurvivors } from './laws/convolutionMutants.ts'
import { killerOf, mutantsOf } from './laws/mutants.ts'
import { PRODUCT_MUTANTS, productSurvivors } from './laws/productMutants.ts'

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
reportAll(results)

const survivors = [
  ...(await survivorsAmong(COMPILER_MUTANTS)),
  ...(await productSurvivors()),
  ...(await convolutionSurvivors()),
]
for (const { kind, file, from, to } of survivors)
  console.log(`survives: ${kind}: ${file}: ${from} becomes ${to || 'nothing'}`)
const planted = [...COMPILER_MUTANTS, ...PRODUCT_MUTANTS, ...CONVOLUTION_MUTANTS.flatMap(({ mutants }) => mutants)]
const compiler = planted.map((mutant) => ({
  kind: `compiler: ${mutant.kind}`,
  killed: !survivors.includes(mutant),
}))
reportAll(compiler)
report('all mutants', [...results, ...compiler])
console.log(`${((performance.now() - started) / 1000).toFixed(1)} s`)
process.exitCode = [...results, ...compiler].every(({ killed }) => killed) ? 0 : 1

interface Outcome {
  readonly kind: string
  readonly killed: boolean
}

function reportAll(outcomes: readonly Outcome[]): void {
  for (const kind of new Set(outcomes.map((outcome) => outcome.kind))) {
    report(
      kind,
      outcomes.filter((outcome) => outcome.kind === kind),
    )
  }
}

function report(kind: string, among: readonly Outcome[]): void {
  const killed = among.filter((one) => one.killed).length
  console.log(`${kind.padEnd(32)}killed ${killed} of ${among.length} (${((100 * killed) / among.length).toFixed(1)} %)`)
}
