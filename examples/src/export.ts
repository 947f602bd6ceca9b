import { access } from 'node:fs/promises'
import { extname } from 'node:path'
import { exportProgram } from '@cotangent/compile'
import { shapeText, type Tensor, ValueError, zeros } from '@cotangent/core'
import { encodeOnnx, encodeSafetensors, flattenTree, writeAtomically } from '@cotangent/io'
import type { Command } from 'commander'
import { type LearntNet, type LearntOptions, openLearnt, withRun } from './shared/learnt.ts'
import { numberOption, type OutputOptions, withExample, withJson } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'
import { countText } from './shared/text.ts'

interface Options extends LearntOptions, OutputOptions {
  readonly out: string
  readonly format?: string
  readonly batchSize?: number
  readonly overwrite?: boolean
}

/** What a format makes of a net, and what one must know to use it. */
interface Exported {
  readonly bytes: Uint8Array
  readonly about: readonly string[]
  /** The text of a `.d.ts` file to go with it. */
  readonly types?: string
}

const SCALED = 'pixels are numbers from 0 to 1: bytes divided by 255'

const FORMATS: Readonly<Record<string, (learnt: LearntNet, batchSize: number) => Exported>> = {
  onnx({ net, params, netState }) {
    const shapes = `input ${batchText(net.input)}, output ${batchText(net.output)}`
    return { bytes: encodeOnnx(net, params, netState), about: [`ONNX, opset 17: ${shapes}, float32`, SCALED] }
  },
  safetensors({ net, params, netState }) {
    const tree = { params, netState }
    const bytes = encodeSafetensors(tree, { metadata: { net: JSON.stringify(net) } })
    return { bytes, about: [`tensors: ${Object.keys(flattenTree(tree)).join(', ')}`, 'metadata: the net as JSON'] }
  },
  wasm({ net, params, netState }, batchSize) {
    const predict = (x: Tensor) => net.predict(params, netState, x)
    const { wasm, types, inputs, outputs } = exportProgram(predict, [zeros([batchSize, ...net.input])])
    const shapes = [...inputs, ...outputs].map(({ name, shape }) => `${name} ${shapeText(shape)}`)
    return { bytes: wasm, types, about: [`WebAssembly without imports: memory, ${shapes.join(', ')}, run()`, SCALED] }
  },
}

/** Hands a trained net to other programs. */
export function configure(command: Command): void {
  withExample(
    withJson(withRun(command), 'the result as a JSON line')
      .requiredOption('--out <file>', 'the file to write')
      .option('--format <name>', `${Object.keys(FORMATS).join(', ')} (default: as the file's name ends)`)
      .addOption(numberOption('--batch-size <n>', 'wasm: images in a run of the program (default: 1)', 'count'))
      .option('--overwrite', 'replace a file that is there'),
    'pnpm example export --run runs/first --out digits.onnx',
    'pnpm example export --run runs/first --format wasm --out digits.wasm',
  ).action(exportNet)
}

async function exportNet(options: Options): Promise<void> {
  const { out, format: given, batchSize, overwrite = false } = options
  const screen = openScreen(options)
  const format = formatOf(given, out)
  if (batchSize !== undefined && format !== 'wasm') {
    throw new ValueError(`--batch-size is of wasm alone: ${format} takes batches of any size; leave it out`)
  }
  const declarations = `${extname(out) === '.wasm' ? out.slice(0, -'.wasm'.length) : out}.d.ts`
  for (const path of format === 'wasm' ? [out, declarations] : [out]) {
    if (!overwrite && (await exists(path)))
      throw new ValueError(`${path} is there already; choose another name, or add --overwrite`)
  }
  const learnt = await openLearnt(options)
  const { bytes, about, types } = FORMATS[format]!(learnt, batchSize ?? 1)
  await writeAtomically(out, bytes, { overwrite })
  if (types !== undefined) await writeAtomically(declarations, new TextEncoder().encode(types), { overwrite })
  const { origin } = learnt
  screen.emit({
    type: 'end',
    file: out,
    format,
    bytes: bytes.length,
    origin,
    about,
    declarations: types && declarations,
  })
  screen.print(`${out}: ${countText(bytes.length)} bytes, the net of ${origin}`)
  for (const line of about) screen.print(line)
  if (types !== undefined) screen.print(`${declarations}: how to use it`)
}

/** The format asked for, or else the one that the file's name ends with. */
function formatOf(given: string | undefined, out: string): string {
  const format = given ?? extname(out).slice(1)
  if (Object.hasOwn(FORMATS, format)) return format
  const names = Object.keys(FORMATS).join(', ')
  throw new ValueError(
    given === undefined
      ? `${out} does not say its format; call it .onnx or the like, or add --format with one of ${names}`
      : `--format is ${JSON.stringify(given)}; choose one of ${names}`,
  )
}

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

const batchText = (shape: readonly number[]): string => shapeText(shape).replace('[', '[batch, ')
