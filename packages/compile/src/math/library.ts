import { InternalError } from '@cotangent/core'
import type { Func, Global } from '../wasm/entities.ts'
import type { WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'

/** How a function is defined in a module; what it calls it takes from the library. */
export type Definition<F extends Func = Func> = (library: Library) => F

/** The functions and constants of one module, each defined when it is first wanted. */
export class Library {
  readonly module: WasmModule
  readonly #functions = new Map<Definition, Func>()
  readonly #constants = new Map<string, Global<'v128'>>()

  constructor(module: WasmModule) {
    this.module = module
  }

  get<F extends Func>(definition: Definition<F>): F {
    const func = this.#functions.get(definition) ?? definition(this)
    this.#functions.set(definition, func)
    // Each definition is kept with what it returned.
    return func as F
  }

  /**
   * A constant vector, in an immutable global. V8 makes each `v128.const` anew through a general register, one a cycle,
   * where it could load three: exp of four float32 takes 5.2 ns with constants in the code, 4.1 ns with globals (Node
   * 20, Zen 4).
   */
  constant(name: string, value: Node<'v128'>): Node<'v128'> {
    if (value.immediate.kind !== 'v128') throw new InternalError(`${value.op.name} is not a constant vector`)
    const bits = value.immediate.bytes.join()
    const global = this.#constants.get(bits) ?? this.#vectors.global(name, 'v128', value, { mutable: false })
    this.#constants.set(bits, global)
    return global.get
  }

  /**
   * The module as a maker of vector globals: its types leave them out, as no number is their literal, but it takes and
   * encodes the node.
   */
  get #vectors() {
    return this.module as unknown as {
      global(name: string, type: 'v128', initial: Node<'v128'>, options: { mutable: false }): Global<'v128'>
    }
  }
}
