import { ValueError } from '@cotangent/core'
import { isMicroKernelsName, MICRO_KERNELS, type MicroKernelsName } from './panels.ts'
import { features, fusesMultiplyAdd } from './wasm/features.ts'
import { availableThreads, environmentVariable } from './workers/host.ts'

export interface CompileOptions {
  /**
   * How many threads run a program together, the calling one included; results do not depend on it. Default: the environment's
   * `COTANGENT_THREADS`, else as many as the machine has, at most 8; one where threads cannot share memory.
   */
  readonly threads?: number
  /**
   * Traces the function again for every call, and throws a TraceError where it is another than the program was made from, naming
   * what differs: a tensor it closes over, an operation. To find out, not to keep on: tracing is slow. Default: false.
   */
  readonly verify?: boolean
  /**
   * Whether convolutions with 3×3 filters and stride 1, of whole vectors of channels in float32, are computed by Winograd's
   * F(4×4, 3×3): a quarter of the multiplications, at errors of 3e-6 to 7e-6 of the largest value instead of 2e-7 to 5e-7.
   * Default: true.
   */
  readonly winograd?: boolean
  /**
   * Whether matrix products in floats multiply and add with one rounding, where engine and processor can (relaxed SIMD: Node 22
   * and later, x86 with FMA or ARM): a quarter less time, somewhat smaller errors, and other bits than elsewhere. Default: true.
   */
  readonly relaxedMultiplyAdd?: boolean
  /**
   * Which micro-kernels multiply matrices: `wide` ones of up to 2 × 20 floats, `narrow` ones of 4 × 8, or `large` ones of 4 × 20 for
   * processors with 32 vector registers; results do not depend on it. Default: the environment's `COTANGENT_MICRO_KERNELS`, else
   * what is fastest here, measured in some milliseconds before the first matrix product.
   */
  readonly microKernels?: MicroKernelsName
}

/** Whether products are to be added with one rounding, which is left out where it cannot be had. */
export const fusedOf = ({ relaxedMultiplyAdd = true }: CompileOptions): boolean =>
  relaxedMultiplyAdd && fusesMultiplyAdd()

/** What a session is made with. */
export const sessionOptions = (options: CompileOptions) => ({
  threads: threadsOf(options),
  fused: fusedOf(options),
  microKernels: microKernelsOf(options),
})

/** @throws ValueError for micro-kernels that there are not. */
function microKernelsOf({ microKernels }: CompileOptions): MicroKernelsName | undefined {
  const name = microKernels ?? (environmentVariable('COTANGENT_MICRO_KERNELS') || undefined)
  if (name === undefined || isMicroKernelsName(name)) return name
  const source = microKernels === undefined ? 'COTANGENT_MICRO_KERNELS' : 'microKernels'
  throw new ValueError(`compile: ${source} is ${name}; give one of ${Object.keys(MICRO_KERNELS).join(', ')}`)
}

/** More threads than this gain nothing on programs of this kind. */
const MOST_THREADS = 8

/** @throws ValueError for a number of threads that is not an integer from 1 to what the machine has. */
function threadsOf({ threads }: CompileOptions): number {
  const available = availableThreads()
  const fromEnvironment = environmentVariable('COTANGENT_THREADS')
  const given = threads ?? (fromEnvironment ? Number(fromEnvironment) : undefined)
  if (given === undefined) return features().threads ? Math.min(available, MOST_THREADS) : 1
  const source = threads === undefined ? 'COTANGENT_THREADS' : 'threads'
  if (!Number.isInteger(given) || given < 1) {
    throw new ValueError(`compile: ${source} is ${threads ?? fromEnvironment}; give a positive integer`)
  }
  if (given > available && given > 1) {
    throw new ValueError(
      `compile: ${source} is ${given}, but this machine runs ${available} at once; give at most ${available}`,
    )
  }
  if (given > 1 && !features().threads) {
    throw new ValueError(
      `compile: ${source} is ${given}, but threads cannot share memory here; give 1, or make the page cross-origin isolated if this is a browser`,
    )
  }
  return given
}
