import { bestVectors, MICRO_KERNELS, type MicroKernelsName, rowBlocks, USUAL } from '../panels.ts'
import { call, forRange } from '../wasm/control.ts'
import { webAssembly } from '../wasm/engine.ts'
import { i32 } from '../wasm/instructions.ts'
import { WasmModule } from '../wasm/module.ts'
import { microKernel } from './micro-kernel.ts'

/** The least times, in any unit, that a multiplication and addition of vectors took. */
export interface Times {
  /** With the usual micro-kernels in the code that the engine makes of everything at first. */
  readonly unoptimized: number
  readonly best: Readonly<Record<MicroKernelsName, number>>
}

/** How much less time than the usual micro-kernels others must take. */
const CLEARLY = 0.9

/** How much less time optimised code takes, at least: in V8 it is a quarter. */
const OPTIMIZED = 0.67

/**
 * Which of the micro-kernels are clearly faster than the usual ones. Where these were perhaps never seen optimised, that is not
 * known, and they are taken.
 */
export function fastestOf({ unoptimized, best }: Times): MicroKernelsName {
  if (best[USUAL] > OPTIMIZED * unoptimized) return USUAL
  const names = Object.keys(best) as readonly MicroKernelsName[]
  const name = names.reduce((one, other) => (best[other] < best[one] ? other : one))
  return best[name] < CLEARLY * best[USUAL] ? name : USUAL
}

let known: MicroKernelsName | undefined

/**
 * The micro-kernels that this engine and processor run fastest, found out on the first call by running one of each set on operands
 * in the first cache. All of them give the same bits.
 */
export function fastestKernels(fused: boolean): MicroKernelsName {
  known ??= clockIsFine() ? fastestOf(measure(fused)) : USUAL
  return known
}

/** Milliseconds within which times are told apart: pages that are not isolated have coarser clocks, on purpose. */
const FINE = 0.006

function clockIsFine(): boolean {
  const begin = performance.now()
  let now = begin
  while (now === begin) now = performance.now()
  return now - begin <= FINE
}

/** How many k a call runs through, and how many calls a turn has, which takes some 30 µs; fewer do not make an engine optimise. */
const DEPTH = 64
const CALLS = 100
const FEW_CALLS = 20

/** In milliseconds: for how long, at least and at most, to measure, and after how long without a faster turn to end. */
const LEAST = 2
const MOST = 6
const SETTLED = 1

/** Runs the best micro-kernel of each set in turns, until none has become faster for a while. */
function measure(fused: boolean): Times {
  const candidates = candidatesIn(fused)
  const usual = candidates.find(({ name }) => name === USUAL)!
  const unoptimized = Math.min(...[1, 2, 3].map(() => timeOf(usual, FEW_CALLS)))
  const best = { wide: Number.POSITIVE_INFINITY, narrow: Number.POSITIVE_INFINITY, large: Number.POSITIVE_INFINITY }
  const begin = performance.now()
  let now = begin
  let faster = begin
  while (now - begin < LEAST || (now - begin < MOST && now - faster < SETTLED)) {
    for (const candidate of candidates) {
      const { name } = candidate
      const time = timeOf(candidate, CALLS)
      now = performance.now()
      if (time < CLEARLY * best[name]) faster = now
      best[name] = Math.min(best[name], time)
    }
  }
  return { unoptimized, best }
}

/** The time for each vector of sums, so many calls together divided by their number. */
function timeOf({ vectors, run }: Candidate, calls: number): number {
  const begin = performance.now()
  run(calls)
  return (performance.now() - begin) / (calls * vectors)
}

interface Candidate {
  readonly name: MicroKernelsName
  /** How many vectors of sums it has. */
  readonly vectors: number
  readonly run: (calls: number) => undefined
}

function candidatesIn(fused: boolean): readonly Candidate[] {
  const module = new WasmModule('micro-kernels')
  module.memory({ initial: 1, maximum: 1 })
  const names = Object.keys(MICRO_KERNELS) as readonly MicroKernelsName[]
  const shapes = names.map((name) => {
    const kernels = MICRO_KERNELS[name]
    const vectors = bestVectors(kernels)
    const rows = rowBlocks(kernels, vectors)[0]!
    const bytes = 16 * vectors
    const kernel = microKernel(module, {
      dtype: 'float32',
      rows,
      columns: 4 * vectors,
      fused,
      registers: kernels.registers,
      aRow: 4 * DEPTH,
      aStep: 4,
      bStep: bytes,
      cRow: bytes,
      cColumn: 4,
    })
    // Zeros, the sums of which are zeros: no number is too small or too large.
    const [a, b] = [64, 64 + 4 * rows * DEPTH]
    const end = b + bytes * DEPTH
    module.func(name, { params: { calls: 'i32' }, export: true }, ({ calls }, f) =>
      forRange(f.local('i32', 'time'), 0, calls, 1, [
        call(kernel, { a: i32.const(a), b: i32.const(b), end: i32.const(end), c: i32.const(end), first: i32.const(1) }),
      ]),
    )
    return { name, vectors: rows * vectors }
  })
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.encode()), {})
  // What the module exports, under the names above.
  return shapes.map((shape) => ({ ...shape, run: exports[shape.name] as (calls: number) => undefined }))
}
