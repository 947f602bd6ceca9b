import { Tensor, TraceError, treeMapAll } from '@cotangent/core'
import type { Program } from './program.ts'
import { signatureOf, signatureOfLeaf, type Traced } from './trace.ts'
import { differenceBetween } from './verify.ts'

/** How many programs of one function are kept. */
const MOST = 32

/** How a function becomes programs. */
export interface VariantMaker {
  readonly trace: (args: readonly unknown[]) => Traced
  readonly make: (traced: Traced) => Program
  /** Whether the function is traced again for every call, and compared with what its program was made from. */
  readonly verify: boolean
}

interface Variant {
  readonly program: Program
  readonly leaves: ReadonlyMap<string, string>
  /** Kept to verify later calls by. */
  readonly traced: Traced | undefined
}

/**
 * The programs of one function: one for each structure of arguments, of which those used last are kept. Says once, when the first
 * is dropped, what changes between calls.
 */
export class Variants {
  readonly #maker: VariantMaker
  readonly #variants = new Map<string, Variant>()
  #last: { readonly signature: string; readonly variant: Variant } | undefined
  #warned = false

  constructor(maker: VariantMaker) {
    this.#maker = maker
  }

  /** The program for arguments like these, made if need be. */
  find(args: readonly unknown[]): Program {
    const signature = signatureOf(args)
    const { trace, make, verify } = this.#maker
    let variant = this.#last?.signature === signature ? this.#last.variant : this.#variants.get(signature)
    if (variant === undefined) {
      const traced = trace(args)
      variant = { program: make(traced), leaves: leavesOf(args), traced: verify ? traced : undefined }
      this.#makeRoom(variant)
    } else if (variant.traced !== undefined) {
      const difference = differenceBetween(variant.traced, trace(args))
      if (difference !== undefined)
        throw new TraceError(`compile: traced again to verify it, the function is another: ${difference}`)
    }
    if (this.#last?.variant !== variant) {
      // The last in the map is the one used last.
      this.#variants.delete(signature)
      this.#variants.set(signature, variant)
      this.#last = { signature, variant }
    }
    return variant.program
  }

  /** The program that was found last. */
  get last(): Program | undefined {
    return this.#last?.variant.program
  }

  #makeRoom(made: Variant): void {
    if (this.#variants.size < MOST) return
    const [oldest] = this.#variants.keys()
    this.#variants.get(oldest!)!.program.release()
    this.#variants.delete(oldest!)
    if (!this.#warned) {
      console.warn(
        `compile: more than ${MOST} programs were made for one function, as its arguments change: ${changeBetween(this.#last?.variant.leaves, made.leaves)}; those used last are kept, the others are made again`,
      )
    }
    this.#warned = true
  }
}

/** What stands at each path of the arguments. */
function leavesOf(args: readonly unknown[]): ReadonlyMap<string, string> {
  const leaves = new Map<string, string>()
  args.forEach((argument, index) => {
    treeMapAll((leaf, path) => leaves.set(`args[${index}]${path}`, textOf(leaf)), argument)
  })
  return leaves
}

function textOf(leaf: unknown): string {
  if (leaf instanceof Tensor) return `${leaf.dtype} [${leaf.shape.join(', ')}]`
  if (typeof leaf === 'string') return JSON.stringify(leaf)
  if (typeof leaf === 'function') return 'another function'
  return typeof leaf === 'object' && leaf !== null ? 'another object' : signatureOfLeaf(leaf).replace(/^\w+ /, '')
}

function changeBetween(before: ReadonlyMap<string, string> | undefined, now: ReadonlyMap<string, string>): string {
  for (const [path, text] of now) {
    const other = before?.get(path)
    if (other === undefined) return `${path} is new`
    if (other !== text || text.startsWith('another ')) return `${path} was ${other}, then ${text}`
  }
  const gone = [...(before?.keys() ?? [])].find((path) => !now.has(path))
  return gone === undefined ? 'their structure' : `${gone} is missing`
}
