/**
 * The table of operations: `pnpm gradients` prints each exported operation with the largest errors of its gradients that the laws
 * measure; `pnpm gradients --write` writes it to packages/ops/OPERATIONS.md.
 */
import { writeFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import type { Call, Law } from '@cotangent/ops/laws'
import { docCommentsOf, type Export, exportsOf, firstSentence, PACKAGES } from './docs/docComments.ts'
import { forCalls, loadLaws, runs } from './laws/all.ts'
import { GRADIENT_LAWS } from './laws/check.ts'

/** Random calls an operation, as many as the laws check. */
const CALLS = 50

const INTRODUCTION = `# Operations

What \`@cotangent/ops\` exports, with the largest error of its derivatives against numerical ones (central differences over three
steps, extrapolated) in float64, over the ${runs(CALLS)} random calls an operation with which its laws are tested: the largest difference of
any element, relative to the larger of 1 and the largest element of the same derivative, as the laws' tolerances are (1e-8 and, second
order, 1e-7). Most of it is the numerical derivative's own error: rounding, and truncation for steep functions such as 1 / x. "–"
stands where there is no gradient, and for \`cast\`, whose gradient is a cast back.

- *Reverse*: the tape's gradient, every element of every float input. *Forward*: the directional derivative, along one direction.
- *Second*: the gradient of the gradient along one direction, by reverse over reverse and by forward over reverse, the larger.

\`pnpm gradients --write\` writes this page.
`

const exported = exportsOf('ops').filter(({ type }) => !type)
const laws = await loadLaws()
const files = [...new Set(exported.map(({ file }) => file))]
const page = [INTRODUCTION, ...files.map((file) => section(file))].join('\n')

if (process.argv.includes('--write')) writeFileSync(join(PACKAGES, 'ops/OPERATIONS.md'), page)
else console.log(page)

/** The operations of one source file. */
function section(file: string): string {
  const operations = exported.filter((one) => one.file === file)
  const concept = file.startsWith(join(PACKAGES, 'core/')) ? 'core' : file.replace(/^.*\/|\.ts$/g, '')
  const source = relative(join(PACKAGES, 'ops'), file)
  return [
    `## ${concept[0]!.toUpperCase()}${concept.slice(1)}`,
    '',
    `[${source}](${source})`,
    '',
    '| operation | description | reverse | forward | second |',
    '| --- | --- | --: | --: | --: |',
    ...operations.map(
      (operation) => `| ${[`\`${operation.name}\``, describe(operation), ...errors(operation)].join(' | ')} |`,
    ),
    '',
  ].join('\n')
}

function describe(operation: Export): string {
  const comment = docCommentsOf([operation]).find(({ member }) => !member)
  if (comment === undefined) throw new Error(`${operation.file}: ${operation.name} has no doc comment`)
  return firstSentence(comment).replaceAll('|', '\\|')
}

/** The largest errors, in the order of the columns. */
function errors({ name }: Export): readonly string[] {
  const law = laws.get(name)
  if (law === undefined) throw new Error(`${name} has no law`)
  const { gradient, forward, curvature } = GRADIENT_LAWS
  return [gradient, forward, curvature].map((measure) => {
    if (law.orders === 0) return '–'
    const largest = largestError(name, law, measure)
    return largest === 0 ? '0' : largest.toExponential(0)
  })
}

function largestError(name: string, law: Law, measure: (law: Law, call: Call) => number): number {
  let largest = 0
  forCalls(name, law, CALLS, (call) => {
    largest = Math.max(largest, measure(law, call))
  })
  return largest
}
