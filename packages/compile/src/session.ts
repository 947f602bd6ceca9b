import {
  type AnyTensor,
  CotangentError,
  type DType,
  knownValues,
  moveTo,
  type Shape,
  type Tensor,
  type TypedArray,
  tensor,
} from '@cotangent/core'
import { controlEnd } from './control.ts'
import { fastestKernels } from './emit/fastest-kernels.ts'
import type { EmittedProgram } from './emit/program.ts'
import { freshMemoryIsSlow } from './fresh-memory.ts'
import type { MicroKernelsName } from './panels.ts'
import { startThreads, type ThreadPool, type ThreadShare, waitForOthers } from './threads.ts'
import { tensorBytes } from './value.ts'
import { type WebAssemblyMemory, webAssembly } from './wasm/engine.ts'
import { features } from './wasm/features.ts'

const PAGE = 65_536

/** From so many bytes on, a tensor that stays in a session's memory is kept nowhere else. */
const LARGE = 2 ** 20

/** The largest memory that 32-bit addresses reach. */
const MOST_PAGES = 65_536

/** A program that needs more memory than WebAssembly can address. */
export class MemoryError extends CotangentError {
  override name = 'MemoryError'
}

/** An engine that cannot run what is compiled. */
export class EngineError extends CotangentError {
  override name = 'EngineError'
}

/** A program in a session. */
interface StartedProgram {
  /** Makes so many steps: see `emitProgram`. */
  readonly run: (steps: number, rows: number) => void
  readonly release: () => void
}

export interface SessionOptions {
  readonly threads: number
  readonly fused?: boolean
  readonly microKernels?: MicroKernelsName | undefined
}

/** One WebAssembly memory with the tensors that stay in it, shared by all programs made in it. */
export class Session {
  readonly memory: WebAssemblyMemory
  readonly maximum = MOST_PAGES
  readonly shared: boolean
  #end: number
  #scratch: { readonly address: number; readonly bytes: number }
  #room: { readonly address: number; readonly bytes: number }
  /** `null` where workers are refused. */
  #pool: ThreadPool | null | undefined
  readonly #resident = new WeakMap<AnyTensor, number>()
  /** Addresses of tensors that are to be copied here. */
  readonly #reserved = new WeakMap<AnyTensor, number>()

  /** The calling thread included. */
  readonly threads: number
  /** Whether its programs add products with one rounding. */
  readonly fused: boolean
  /** Which micro-kernels multiply its matrices: where none were asked for, those that are fastest here. */
  readonly microKernels: () => MicroKernelsName
  /** What threads call while they wait long for others. */
  readonly #stalled: (meeting: number) => undefined

  /** @throws EngineError where WebAssembly has no SIMD. */
  constructor({ threads, fused = false, microKernels }: SessionOptions) {
    if (!features().simd) {
      throw new EngineError(
        'compile: this JavaScript engine has no WebAssembly with SIMD; use a newer one, or the reference backend: call the function itself, or train with { engine: "reference" }',
      )
    }
    this.threads = threads
    this.fused = fused
    this.microKernels = () => microKernels ?? fastestKernels(fused)
    this.shared = threads > 1
    this.#end = controlEnd(threads)
    this.#scratch = { address: this.#end, bytes: 0 }
    this.#room = this.#scratch
    this.memory = new webAssembly.Memory({
      initial: Math.ceil(this.#end / PAGE),
      maximum: MOST_PAGES,
      shared: this.shared,
    })
    this.#stalled = waitForOthers(this.memory)
  }

  /** The address of so many bytes that are nobody else's. */
  allocate(bytes: number): number {
    const address = this.#end
    const end = Math.ceil((address + bytes) / 64) * 64
    const missing = Math.ceil(end / PAGE) - this.memory.buffer.byteLength / PAGE
    if (end > MOST_PAGES * PAGE) {
      throw new MemoryError(
        `compile: ${Math.ceil(end / 2 ** 20)} MiB are more than the ${(MOST_PAGES * PAGE) / 2 ** 20} MiB that WebAssembly can address; use a smaller batch`,
      )
    }
    if (missing > 0) this.#grow(missing, end)
    this.#end = end
    return address
  }

  #grow(pages: number, end: number): void {
    try {
      this.memory.grow(pages)
    } catch {
      throw new MemoryError(
        `compile: the engine gives no more memory, though a program needs ${Math.ceil(end / 2 ** 20)} MiB; use a smaller batch`,
      )
    }
  }

  /** Memory that a program works in while it runs: what is there then, no other program needs. */
  scratch(bytes: number): number {
    if (bytes > this.#scratch.bytes) this.#scratch = { address: this.allocate(bytes), bytes }
    return this.#scratch.address
  }

  /** The same for the arguments and results of many steps, which the programs that work on them must not touch. */
  room(bytes: number): number {
    if (bytes > this.#room.bytes) this.#room = { address: this.allocate(bytes), bytes }
    return this.#room.address
  }

  /**
   * Starts the workers before a program is made, if one of the tensors that it may need here is large, and fresh memory is slow: they
   * touch what is reserved for it meanwhile. Elsewhere that would only keep cores from the engine's own threads.
   */
  expect(tensors: readonly AnyTensor[]): void {
    if (tensors.some((tensor) => this.#isTouched(tensor) && !this.#resident.has(tensor))) this.#threads()
  }

  /** Whether workers touch what a tensor is to be copied to. */
  #isTouched(tensor: AnyTensor): boolean {
    return this.shared && isLarge(tensor) && freshMemoryIsSlow()
  }

  /**
   * The address that a tensor's elements will have. A system hands out memory page by page as it is touched, which may take longer
   * than to copy what is large.
   */
  reserve(tensor: AnyTensor): number {
    const before = this.#resident.get(tensor) ?? this.#reserved.get(tensor)
    if (before !== undefined) return before
    const bytes = tensorBytes(tensor.shape, tensor.dtype)
    const address = this.allocate(bytes + 64)
    this.#reserved.set(tensor, address)
    if (this.#isTouched(tensor)) this.#threads()?.touch(address, bytes)
    return address
  }

  /** The address of a tensor's elements, which are copied here when first asked for. */
  resident(tensor: AnyTensor): number {
    const before = this.#resident.get(tensor)
    if (before !== undefined) return before
    const bytes = tensorBytes(tensor.shape, tensor.dtype)
    const address = this.#reserved.get(tensor) ?? this.allocate(bytes + 64)
    this.#resident.set(tensor, address)
    this.#reserved.delete(tensor)
    this.write(tensor, address)
    // A view into memory that is not shared would end when the memory grows.
    if (this.shared && isLarge(tensor)) moveTo(tensor, typedArray(this.readBytes(address, bytes), tensor.dtype))
    return address
  }

  /** Copies a tensor's elements in. */
  write(tensor: AnyTensor, address: number): void {
    this.writeBytes(bytesIn(tensor), address)
  }

  /** Copies bytes in. */
  writeBytes(bytes: Uint8Array, address: number): void {
    new Uint8Array(this.memory.buffer, address, bytes.byteLength).set(bytes)
  }

  /** Copies bytes within the memory. */
  copy(from: number, to: number, bytes: number): void {
    new Uint8Array(this.memory.buffer).copyWithin(to, from, from + bytes)
  }

  /** Bytes as they are now; the program changes them. */
  readBytes(address: number, bytes: number): Uint8Array {
    return new Uint8Array(this.memory.buffer, address, bytes)
  }

  /** Copies elements out, into a tensor of their own. */
  read<D extends DType>(address: number, shape: Shape, dtype: D): Tensor<D> {
    return tensorOfBytes(this.readBytes(address, tensorBytes(shape, dtype)).slice(), shape, dtype)
  }

  /** Compiles a program's module: what makes its steps, with all threads if they meet in it, and what ends its use. */
  start({ module, meetings, rowMeetings, parts }: EmittedProgram): StartedProgram {
    const compiled = new webAssembly.Module(module.encode())
    const instance = new webAssembly.Instance(compiled, { env: { memory: this.memory, stalled: this.#stalled } })
    // What emitProgram exports.
    const run = instance.exports.run as (...share: Parameters<ThreadShare>) => undefined
    ;(instance.exports.warm as () => undefined)()
    const pool = meetings > 0 ? this.#threads() : undefined
    if (pool === undefined) return { run: (steps, rows) => run(0, 1, 0, steps, rows), release: () => undefined }
    const program = pool.add(compiled, parts)
    return {
      run: (steps, rows) => pool.run(program, steps * (rows === 0 ? meetings : rowMeetings), steps, rows, run),
      release: () => pool.remove(program),
    }
  }

  /** The workers, started on the first call; none where one thread is to do it all. */
  #threads(): ThreadPool | undefined {
    if (this.shared && this.#pool === undefined) this.#pool = startThreads(this.memory, this.threads) ?? null
    return this.#pool ?? undefined
  }
}

const isLarge = ({ shape, dtype }: AnyTensor): boolean => tensorBytes(shape, dtype) >= LARGE

/** The elements of a tensor as bytes, to be read. */
export function bytesIn(tensor: AnyTensor): Uint8Array {
  // A tensor's elements are a typed array.
  const { buffer, byteOffset, byteLength } = knownValues(tensor) as TypedArray
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A tensor that owns these bytes. */
export const tensorOfBytes = <D extends DType>(bytes: Uint8Array<ArrayBuffer>, shape: Shape, dtype: D): Tensor<D> =>
  tensor(typedArray(bytes, dtype), { shape, dtype, adopt: true })

/** The elements that bytes hold, whose place fits the dtype. */
function typedArray(bytes: Uint8Array, dtype: DType): TypedArray {
  const { buffer, byteOffset, byteLength } = bytes
  switch (dtype) {
    case 'float32':
      return new Float32Array(buffer, byteOffset, byteLength / 4)
    case 'float64':
      return new Float64Array(buffer, byteOffset, byteLength / 8)
    case 'int32':
      return new Int32Array(buffer, byteOffset, byteLength / 4)
    case 'key':
      return new Uint32Array(buffer, byteOffset, byteLength / 4)
    default:
      return bytes
  }
}
