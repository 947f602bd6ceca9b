import {
  type AnyTensor,
  CotangentError,
  type DType,
  knownValues,
  type Shape,
  type Tensor,
  type TypedArray,
  tensor,
} from '@cotangent/core'
import { CONTROL, stallWatch, ThreadPool } from './threads.ts'
import { tensorBytes } from './value.ts'
import { type WebAssemblyMemory, webAssembly } from './wasm/engine.ts'
import type { WasmModule } from './wasm/module.ts'

const PAGE = 65_536

/** The largest memory that 32-bit addresses reach. */
const MOST_PAGES = 65_536

/** A program that needs more memory than WebAssembly can address. */
export class MemoryError extends CotangentError {
  override name = 'MemoryError'
}

/** One WebAssembly memory with the tensors that stay in it, shared by all programs made in it. */
export class Session {
  readonly memory: WebAssemblyMemory
  readonly maximum = MOST_PAGES
  readonly shared: boolean
  #end: number = CONTROL.end
  #pool: ThreadPool | undefined
  readonly #resident = new WeakMap<AnyTensor, number>()

  /** The calling thread included. */
  readonly threads: number
  /** What threads call while they wait long for others. */
  readonly #stalled: () => undefined

  constructor({ threads }: { readonly threads: number }) {
    this.threads = threads
    this.shared = threads > 1
    this.memory = new webAssembly.Memory({ initial: 1, maximum: MOST_PAGES, shared: this.shared })
    this.#stalled = stallWatch(this.memory)
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
    if (missing > 0) this.memory.grow(missing)
    this.#end = end
    return address
  }

  /** The address of a tensor's elements, which are copied here when first asked for. */
  resident(tensor: AnyTensor): number {
    const before = this.#resident.get(tensor)
    if (before !== undefined) return before
    const address = this.allocate(tensorBytes(tensor.shape, tensor.dtype) + 64)
    this.#resident.set(tensor, address)
    this.write(tensor, address)
    return address
  }

  /** Copies a tensor's elements in. */
  write(tensor: AnyTensor, address: number): void {
    // A tensor's elements are a typed array, to be read here.
    const values = knownValues(tensor) as TypedArray
    new Uint8Array(this.memory.buffer, address, values.byteLength).set(
      new Uint8Array(values.buffer, values.byteOffset, values.byteLength),
    )
  }

  /** Copies elements out, into a tensor of their own. */
  read<D extends DType>(address: number, shape: Shape, dtype: D): Tensor<D> {
    const copy = new Uint8Array(this.memory.buffer, address, tensorBytes(shape, dtype)).slice()
    return tensor(typedArray(copy, dtype), { shape, dtype, adopt: true })
  }

  /** Compiles a program's module; the function that runs it, with all threads if they meet in it. */
  start(module: WasmModule, meetings: number): () => void {
    const compiled = new webAssembly.Module(module.encode())
    const instance = new webAssembly.Instance(compiled, { env: { memory: this.memory, stalled: this.#stalled } })
    // What emitProgram exports.
    const run = instance.exports.run as (thread: number, threads: number, arrived: number) => undefined
    const pool = meetings > 0 ? this.#threads() : undefined
    if (pool === undefined) return () => run(0, 1, 0)
    const program = pool.add(compiled)
    return () => pool.run(program, meetings, run)
  }

  /** The workers, started on the first call; none where one thread is to do it all. */
  #threads(): ThreadPool | undefined {
    if (this.shared) this.#pool ??= new ThreadPool(this.memory, this.threads)
    return this.#pool
  }
}

function typedArray(bytes: Uint8Array<ArrayBuffer>, dtype: DType): TypedArray {
  switch (dtype) {
    case 'float32':
      return new Float32Array(bytes.buffer)
    case 'float64':
      return new Float64Array(bytes.buffer)
    case 'int32':
      return new Int32Array(bytes.buffer)
    case 'key':
      return new Uint32Array(bytes.buffer)
    default:
      return bytes
  }
}
