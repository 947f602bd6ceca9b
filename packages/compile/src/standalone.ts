import { type AnyTensor, InternalError, Tensor, ValueError } from '@cotangent/core'
import { emitProgram } from './emit/program.ts'
import { functionsIn } from './functions.ts'
import type { CompileOptions } from './options.ts'
import { planProgram } from './program-plan.ts'
import { bytesIn, MemoryError } from './session.ts'
import { declarationsOf, type Port, type Ports } from './standalone-types.ts'
import { argumentLeaves, trace } from './trace.ts'
import { tensorBytes } from './value.ts'
import { ByteWriter } from './wasm/bytes.ts'
import { call } from './wasm/control.ts'

export interface ExportOptions extends Pick<CompileOptions, 'winograd'> {
  /** Names of the tensors among the arguments, in order. Default: `input`; of several `input0`, `input1`, … */
  readonly inputs?: readonly string[]
  /** Names of the tensors in the result, in order. Default: `output`; of several `output0`, `output1`, … */
  readonly outputs?: readonly string[]
}

/** A program that needs nothing but an engine of WebAssembly. */
export interface ExportedProgram extends Ports {
  /** The bytes of a `.wasm` file. */
  readonly wasm: Uint8Array<ArrayBuffer>
  /** What it exports, as the text of a `.d.ts` file. */
  readonly types: string
}

/**
 * `f` as one WebAssembly module that needs no imports, for arguments of the shapes and dtypes of `args`: what it closes over, such as
 * a net's weights, is in the module. It runs on one thread, and gives the bits of
 * `compile(f, { relaxedMultiplyAdd: false })`. The engine needs SIMD, and no more.
 *
 * The module exports
 *
 * - `memory`, of fixed size,
 * - a constant global for each input and output under its name: the address of its elements in bytes, row by row, little-endian,
 * - `run()`: computes the outputs from the inputs. Inputs stay as they are; outputs change in the next run.
 *
 * Its custom section `cotangent` says the same as JSON: `{ version: 1, inputs: [{ name, address, dtype, shape }], outputs: […] }`.
 *
 * @param args tensors, in any nest; only their shapes and dtypes are used.
 * @throws ValueError for a number among the arguments, and for names that are none, taken, too few or too many; TraceError where `f`
 * reads a value; MemoryError for a program that is too large.
 * @example
 * const w = tensor([[1], [2]])
 * const { wasm, types, outputs } = exportProgram((x: Tensor) => matmul(x, w), [zeros([3, 2])])
 * outputs.map(({ name, dtype, shape }) => [name, dtype, shape]) // [['output', 'float32', [3, 1]]]
 */
export function exportProgram<A extends readonly unknown[]>(
  f: (...args: A) => unknown,
  args: A,
  { inputs, outputs, winograd }: ExportOptions = {},
): ExportedProgram {
  const leaves = argumentLeaves(args)
  if (!leaves.every((leaf): leaf is AnyTensor => leaf instanceof Tensor)) {
    throw new ValueError('exportProgram: a number among the arguments would have no place in memory; pass a tensor')
  }
  const traced = trace(f as (...args: never[]) => unknown, args)
  const plan = planProgram(traced.graph, [], [], { winograd })
  const { graph, placement, constants, memory, working } = plan
  const arena = new Arena()
  const addresses = new Map<number, number>()
  const segments = constants.flatMap((place) => {
    const { origin } = graph.nodes[place]!
    if (origin.from !== 'constant') return []
    const address = arena.allocate(tensorBytes(origin.tensor.shape, origin.tensor.dtype))
    addresses.set(place, address)
    return [{ address, bytes: bytesIn(origin.tensor) }]
  })
  const base = arena.allocate(memory.end + working.shared + working.own)
  for (const [place, address] of memory.addresses) addresses.set(place, base + address)
  const shared = base + memory.end
  const layout = {
    addresses,
    shared,
    own: shared + working.shared,
    ownBytes: working.own,
    rows: NO_ROWS,
  }
  const { module, run } = emitProgram('program', plan, layout, functionsIn, {
    maximum: arena.pages,
    shared: false,
    own: true,
  })
  for (const { address, bytes } of segments) module.data('constant', bytes, address)

  const taken = new Set(['memory', 'run'])
  const port = (name: string, place: number): Port => {
    const { shape, dtype } = graph.nodes[place]!
    const buffer = placement.bufferOf(place)
    const address = buffer === undefined ? undefined : addresses.get(buffer)
    if (address === undefined) throw new InternalError('an argument or a result without memory')
    checkName(name, taken)
    module.global(name, 'i32', address, { mutable: false, export: name })
    return { name, address, dtype, shape }
  }
  const ports = {
    // Arguments are the first nodes.
    inputs: namesFor('inputs', 'input', leaves.length, inputs).map(port),
    outputs: namesFor('outputs', 'output', graph.results.length, outputs).map((name, at) =>
      port(name, graph.results[at]!),
    ),
  }
  module.func('run', { export: 'run' }, () => call(run, { thread: 0, threads: 1, arrived: 0, steps: 1, rows: 0 }))
  const wasm = withSection(module.encode({ names: false }), 'cotangent', JSON.stringify({ version: 1, ...ports }))
  return { wasm, types: declarationsOf(ports), ...ports }
}

const NO_ROWS = { capacity: 0, bytes: 0, args: [], results: [] }

const LINE = 64
const PAGE = 65_536

/** The largest memory that 32-bit addresses reach, in pages. */
const MOST_PAGES = 65_536

/** Hands out memory from the second line on: nothing lies at address 0, which languages with pointers take for none. */
class Arena {
  #end = LINE

  /** The address of so many bytes; one line beyond them may be read. */
  allocate(bytes: number): number {
    const address = this.#end
    this.#end += Math.ceil(bytes / LINE) * LINE + LINE
    return address
  }

  /** What all of it takes. */
  get pages(): number {
    const pages = Math.ceil(this.#end / PAGE)
    if (pages <= MOST_PAGES) return pages
    throw new MemoryError(
      `exportProgram: ${Math.ceil(this.#end / 2 ** 20)} MiB are more than the ${(MOST_PAGES * PAGE) / 2 ** 20} MiB that WebAssembly can address; use a smaller batch`,
    )
  }
}

function namesFor(
  option: string,
  base: string,
  count: number,
  given: readonly string[] | undefined,
): readonly string[] {
  if (given === undefined) return count === 1 ? [base] : Array.from({ length: count }, (_, index) => `${base}${index}`)
  if (given.length === count) return given
  throw new ValueError(
    `exportProgram: ${option} names ${given.length} tensors, but there are ${count}; name each of them`,
  )
}

function checkName(name: string, taken: Set<string>): void {
  if (!/^[A-Za-z_]\w*$/.test(name) || taken.has(name)) {
    throw new ValueError(
      `exportProgram: ${JSON.stringify(name)} cannot name an export; use letters and digits, and each name once, but not memory or run`,
    )
  }
  taken.add(name)
}

/** The module with a custom section at its end (core specification, section 5.5.3). */
function withSection(module: Uint8Array, name: string, text: string): Uint8Array<ArrayBuffer> {
  const content = new ByteWriter()
  content.text(name)
  content.raw(new TextEncoder().encode(text))
  const out = new ByteWriter(module.length + content.length + 8)
  out.raw(module)
  out.byte(0)
  out.sized(content)
  return out.toBytes()
}
