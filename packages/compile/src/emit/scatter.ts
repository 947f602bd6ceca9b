import { rangeOf } from '../affine.ts'
import type { LoopTask, ScatterTask } from '../tasks.ts'
import { bytesOf } from '../value.ts'
import { forRange, ifElse, whileLoop } from '../wasm/control.ts'
import { i32 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { type FunctionCaller, scalarArithmetic } from './arithmetic.ts'
import { type Addresses, Cursors } from './cursor.ts'
import { allInside, emitElement } from './element.ts'
import { emitLoop } from './loop.ts'
import type { Phase } from './phase.ts'

/** The phases of a scatter: first zeros, or the tensor it starts from; then every value added at its place, in order. */
export function emitScatter(task: ScatterTask, addresses: Addresses, functions: FunctionCaller): Phase[] {
  return [emitLoop(startOf(task), addresses, functions), additions(task, addresses, functions)]
}

function startOf({ store, size, start }: ScatterTask): LoopTask {
  const index = { base: 0, by: [1] }
  const value =
    start === undefined
      ? ({ op: 'constant', dtype: store.dtype, value: 0 } as const)
      : ({ op: 'load', dtype: store.dtype, buffer: start, index } as const)
  return { kind: 'loop', store: { ...store, index }, lengths: [size], rank: 1, value }
}

function additions(task: ScatterTask, addresses: Addresses, functions: FunctionCaller): Phase {
  const { store, value, guards, indirect, lengths } = task
  const turns = lengths[0] ?? 1
  return {
    // Turns of the first loop may run side by side only where they write to different places.
    turns: disjoint(task) ? turns : 1,
    grain: 1,
    build(f, begin, end) {
      const single = scalarArithmetic(functions)
      const cursors = new Cursors(addresses, f)
      const counters = lengths.map(() => f.local('i32', 'turn'))
      const target = cursors.at(store.buffer, store.dtype, store.index)
      cursors.prepare(value)
      if (indirect) cursors.prepare(indirect.value)
      const context = { f, cursors, counters, arithmetic: single, single, along: 0 }
      const looked = indirect && emitElement(indirect.value, context)
      const place = f.local('i32', 'place')
      const element = emitElement(value, context)
      const offset = looked
        ? i32.mul(looked.value as Node<'i32'>, indirect.stride * bytesOf(store.dtype))
        : i32.const(0)
      const sum = single.apply('add', store.dtype, store.dtype, [
        single.load(store.dtype, place.get, target.offset),
        element.value,
      ])
      const addition = [
        ...(looked?.before ?? []),
        place.set(i32.add(target.local, offset)),
        ...element.before,
        single.store(store.dtype, place.get, target.offset, sum),
      ]
      const guarded = guards.length === 0 ? addition : [ifElse(allInside(guards, counters), addition)]
      const inner = lengths.slice(1).reduceRight<readonly Node<'none'>[]>((body, length, at) => {
        const axis = at + 1
        if (length === 0) return []
        const turn = cursors.move(axis, 1)
        return [forRange(counters[axis]!, 0, length, 1, [body, turn]), ...cursors.move(axis, -length)]
      }, guarded)
      const [outer] = counters
      if (outer === undefined) return [...cursors.start([]), ...inner]
      // A single turn stands for all of the first loop.
      const [first, last] = disjoint(task) ? [begin.get, end.get] : [i32.const(0), i32.const(turns)]
      return [
        outer.set(first),
        ...cursors.start([[0, outer.get]]),
        whileLoop(i32.lt_s(outer, last), [...inner, ...cursors.move(0, 1), outer.set(i32.add(outer, 1))]),
      ]
    },
  }
}

function disjoint({ store, lengths, indirect }: ScatterTask): boolean {
  if (lengths.length === 0 || indirect) return false
  const [low, high] = rangeOf({ base: 0, by: [0, ...store.index.by.slice(1)] }, lengths)
  return store.index.by[0]! > high - low
}
