import type { DType } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { loadsIn } from '../collapse.ts'
import { bytesOf, type Value } from '../value.ts'
import type { Local } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'

/** Stands for working memory whose address is known only when the code runs. */
export const SCRATCH = -1

/** Stands for the working memory that all threads share, among the addresses of nodes. */
export const SHARED = -2

/** The addresses of nodes in memory. */
export type Addresses = ReadonlyMap<number, number>

/**
 * The running address of one place in memory: a local that loops move by each counter's coefficient, so that no address is
 * multiplied out.
 */
export interface Cursor {
  readonly local: Local<'i32'>
  readonly by: readonly number[]
  readonly bytes: number
  /** What is added to the local by the load or store itself. */
  readonly offset: number
  /** Where the local starts. */
  readonly begin: Node<'i32'>
}

/** The cursors of a loop nest, one for each distinct place. */
export class Cursors {
  readonly #addresses: Addresses
  readonly #f: FunctionBuilder
  readonly #scratch: Node<'i32'> | undefined
  readonly #known = new Map<string, Cursor>()

  constructor(addresses: Addresses, f: FunctionBuilder, scratch?: Node<'i32'>) {
    this.#addresses = addresses
    this.#f = f
    this.#scratch = scratch
  }

  /** The cursor for elements of `dtype` of a node at `index`. */
  at(buffer: number, dtype: DType, index: Affine): Cursor {
    const signature = `${buffer} ${index.base} ${index.by.join()}`
    const before = this.#known.get(signature)
    if (before) return before
    const bytes = bytesOf(dtype)
    const scratch = buffer === SCRATCH ? this.#scratch : undefined
    const start = (scratch ? 0 : this.#addresses.get(buffer)!) + index.base * bytes
    // The address is unsigned: where the local may go below its start, the start is in the local.
    const inLocal = scratch !== undefined || start < 0 || index.by.some((coefficient) => coefficient < 0)
    const cursor: Cursor = {
      local: this.#f.local('i32', `at${this.#known.size}`),
      by: index.by,
      bytes,
      offset: inLocal ? 0 : start,
      begin: scratch ? i32.add(scratch, start) : i32.const(inLocal ? start : 0),
    }
    this.#known.set(signature, cursor)
    return cursor
  }

  /** Makes the cursors of all loads in `value`, so that loops know what to move. */
  prepare(value: Value): void {
    for (const { buffer, dtype, index } of loadsIn(value)) this.at(buffer, dtype, index)
  }

  /** Puts every cursor to where the given loops are at the given turns, all others at 0. */
  start(turns: readonly (readonly [axis: number, turn: Node<'i32'>])[]): Node<'none'>[] {
    return [...this.#known.values()].map(({ local, by, bytes, begin }) => {
      const terms = turns.flatMap(([axis, turn]) => {
        const step = (by[axis] ?? 0) * bytes
        return step === 0 ? [] : [i32.mul(turn, step)]
      })
      return local.set(terms.reduce((sum, term) => i32.add(sum, term), begin))
    })
  }

  /** Moves every cursor by `turns` of loop `axis`. */
  move(axis: number, turns: number): Node<'none'>[] {
    return [...this.#known.values()].flatMap(({ local, by, bytes }) => {
      const step = (by[axis] ?? 0) * bytes * turns
      return step === 0 ? [] : [local.set(i32.add(local, step))]
    })
  }
}
