import type { Local } from '../wasm/entities.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'

/** Work whose turns are shared out among threads; the next phase begins when all are done. */
export interface Phase {
  /** How many turns there are in all. */
  readonly turns: number
  /** Ranges begin at multiples of this, so that vectors fall the same way however the turns are shared out. */
  readonly grain: number
  /** Where a turn takes several images, or rows: how many. */
  readonly images?: number
  /** The body of a function that runs the turns from `begin` to `end`, one at least. */
  build(f: FunctionBuilder, begin: Local<'i32'>, end: Local<'i32'>): readonly Node<'none'>[]
}
