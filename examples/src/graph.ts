import { existsSync } from 'node:fs'
import { basename, extname } from 'node:path'
import { compile } from '@cotangent/compile'
import { isFloat, record, shapeText, Tensor, treeLeaves, treeMap, ValueError, valueAndGrad } from '@cotangent/core'
import { writeAtomically } from '@cotangent/io'
import { graphToDot, planToDot, renderSvg } from '@cotangent/report'
import type { Command } from 'commander'
import { type OutputOptions, withExample, withJson } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'
import { SUBJECTS, type Subject, subjectOf } from './shared/subject.ts'
import { plural } from './shared/text.ts'

interface Options extends OutputOptions {
  readonly out?: string
  readonly overwrite?: boolean
  readonly forward?: boolean
  readonly gradients?: boolean
  readonly plan?: boolean
  readonly collapse?: boolean
}

/** Draws the tape of a function, forward and backward, or the program that it is compiled to. */
export function configure(command: Command): void {
  withExample(
    withJson(
      command.argument('<what>', `${Object.keys(SUBJECTS).join(', ')}, or a module of yours`),
      'the result as a JSON line',
    )
      .option('--out <file>', 'the .svg or .dot to write (default: <what>.svg)')
      .option('--overwrite', 'replace a file that is there')
      .option('--forward', 'without the reverse sweep')
      .option('--gradients', "values, and gradients below them, as in the book's figures")
      .option('--plan', 'the compiled program: its tasks, and what is fused in each')
      .option('--collapse', 'reshapes and transposes on the edges, without nodes'),
    'pnpm example graph two-layer --collapse',
    'pnpm example graph buy-apple --out apples.svg',
    'pnpm example graph cnn --plan --out cnn-plan.svg',
    'pnpm example graph examples/loss.ts --gradients',
  )
    .addHelpText('after', `\n${MODULE}`)
    .action(draw)
}

const MODULE = `A module of yours exports a function, and arguments to draw it for:
  export default (w: Tensor, x: Tensor) => mean(square(matmul(x, w)))
  export const args = [ones([3]), ones([8, 3])]
  export const names = ['w', 'x']    // optional
Where it gives a scalar, its gradient by the first argument is drawn, too.`

async function draw(what: string, options: Options): Promise<void> {
  const screen = openScreen(options)
  const { out = `${basename(what, extname(what))}.svg`, overwrite = false } = options
  checkOptions(options, out)
  const subject = await subjectOf(what, { values: options.gradients === true })
  const { dot, about } = options.plan ? drawnPlan(subject, options) : drawnTape(subject, options)
  const text = extname(out) === '.svg' ? await renderSvg(dot) : dot
  if (!overwrite && existsSync(out))
    throw new ValueError(`${out} is there already; choose another name, or add --overwrite`)
  await writeAtomically(out, new TextEncoder().encode(text), { overwrite })
  screen.emit({ type: 'end', what, file: out, about })
  screen.print(`${out}: ${subject.title}, ${about}`)
}

/** @throws ValueError for options that do not go together, or another kind of file. */
function checkOptions({ plan, gradients, collapse }: Options, out: string): void {
  if (plan && (gradients || collapse)) {
    const other = gradients ? '--gradients' : '--collapse'
    throw new ValueError(`--plan draws a compiled program, where ${other} has no meaning; leave one of the two out`)
  }
  if (!['.svg', '.dot'].includes(extname(out))) {
    throw new ValueError(`--out is ${JSON.stringify(out)}; give a name that ends in .svg or .dot`)
  }
}

/** A drawing, and in words what it shows. */
interface Drawn {
  readonly dot: string
  readonly about: string
}

function drawnTape(subject: Subject, options: Options): Drawn {
  const { title, f, args, names, result } = subject
  const { forward = false, collapse: collapseMovement, gradients = subject.figure && !forward } = options
  const [value, tape] = record(() => f(...args))
  if (gradients) {
    if (!isLoss(value))
      throw new ValueError(`--gradients needs a function to a float scalar; ${title} gives ${kindOf(value)}`)
    const inputs = Object.fromEntries(args.map((argument, index) => [names[index], argument]))
    const about = `${plural(tape.steps.length, 'operation')}, with the gradient of ${result}`
    const direction = tape.steps.length <= FIGURE ? 'right' : 'down'
    return {
      dot: graphToDot(tape, {
        title,
        inputs,
        outputs: { [result]: value },
        gradientOf: value,
        collapseMovement,
        direction,
      }),
      about,
    }
  }
  const [first, ...others] = args
  const inputs = Object.fromEntries(others.map((argument, index) => [names[index + 1], argument]))
  const parameters = first instanceof Tensor ? { [names[0]!]: first } : first
  const common = { title, parameters, inputs, collapseMovement }
  if (forward || !differentiates(subject, value)) {
    const dot = graphToDot(tape, { ...common, outputs: value instanceof Tensor ? { [result]: value } : value })
    return { dot, about: plural(tape.steps.length, 'operation') }
  }
  const [[loss, gradient], both] = record(() => valueAndGrad(f as (...args: readonly unknown[]) => Tensor)(...args))
  const outputs: Record<string, unknown> = { [result]: loss }
  treeMap((tensor, path) => {
    outputs[`∂${result}/∂${path === '' ? names[0] : path.replace(/^\./, '')}`] = tensor
  }, gradient)
  const backward = both.steps.filter(({ order }) => order > 0).length
  return {
    dot: graphToDot(both, { ...common, outputs }),
    about: `${plural(tape.steps.length, 'operation')} forward, ${backward} backward`,
  }
}

/** The most operations of a drawing that runs to the right. */
const FIGURE = 12

function drawnPlan(subject: Subject, { forward }: Options): Drawn {
  const { title, f, args, names, result } = subject
  const [value] = record(() => f(...args))
  const whole = !forward && differentiates(subject, value)
  const compiled = compile(whole ? valueAndGrad(f as (...args: readonly unknown[]) => Tensor) : f)
  const plan = compiled.plan({ args })
  const nameOf = (name: string): string =>
    name
      .replace(/^args\[0\]\./, '')
      .replace(/^args\[(\d+)\]/, (_, index) => names[index]!)
      .replace(/^result\[1\]\.?(.*)/, (_, path) => `∂${result}/∂${path || names[0]}`)
      .replace(/^result(\[0\])?/, result)
  const operations = plan.nodes.filter(({ origin }) => origin === 'operation').length
  return {
    dot: planToDot(plan, { title: `${title}, compiled`, nameOf }),
    about: `${plural(operations, 'operation')} in ${plural(plan.tasks.length, 'task')}`,
  }
}

/** Whether the value has a gradient by the first argument. */
const differentiates = ({ args: [first] }: Subject, value: unknown): boolean =>
  isLoss(value) && treeLeaves(first).some(({ dtype }) => isFloat(dtype))

const isLoss = (value: unknown): value is Tensor => value instanceof Tensor && value.size === 1 && isFloat(value.dtype)

const kindOf = (value: unknown): string =>
  value instanceof Tensor ? `${value.dtype} ${shapeText(value.shape)}` : 'no tensor'
