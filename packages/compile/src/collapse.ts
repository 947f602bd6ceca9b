import type { Shape } from '@cotangent/core'
import type { Affine } from './affine.ts'
import { type LoopTask, type Store, valuesOf } from './tasks.ts'
import type { Value } from './value.ts'

/**
 * The task with neighbouring loops made one wherever every place walks through both as through one, and without loops of one
 * turn. The first `given` loops stay as they are.
 */
export function collapseLoop(task: LoopTask, given = 0): LoopTask {
  const also = task.also ?? []
  const affines = [
    ...[task.store, ...(task.best ? [task.best] : []), ...also.map(({ store }) => store)].map(({ index }) => index),
    ...[task.value, ...also.map(({ value }) => value)].flatMap(affinesOf),
  ]
  const kept = task.lengths.slice(0, given).map((length, last) => ({ last, length }))
  const output = [...kept, ...mergedAxes(task.lengths, given, task.rank, affines)]
  const folded = mergedAxes(task.lengths, task.rank, task.lengths.length, affines)
  const axes = [...output, ...folded]
  const renew = (affine: Affine): Affine => ({ base: affine.base, by: axes.map(({ last }) => affine.by[last]!) })
  return { ...mapTask(task, renew), lengths: axes.map(({ length }) => length), rank: output.length }
}

/** The task with every place renewed. */
export function mapTask(task: LoopTask, renew: (affine: Affine) => Affine): LoopTask {
  const stored = (store: Store): Store => ({ ...store, index: renew(store.index) })
  // Values are renewed together, so that what they share stays shared.
  const [value, ...others] = mapAllAffines(valuesOf(task), renew)
  return {
    ...task,
    store: stored(task.store),
    value: value!,
    ...(task.best && { best: stored(task.best) }),
    ...(task.also && { also: task.also.map(({ store }, at) => ({ store: stored(store), value: others[at]! })) }),
  }
}

/** A loop made of neighbouring ones: the last of them says how far one turn goes. */
interface MergedAxis {
  readonly last: number
  readonly length: number
}

/** The loops from `from` up to `to`, merged as far as all of `affines` allow. */
function mergedAxes(lengths: Shape, from: number, to: number, affines: readonly Affine[]): MergedAxis[] {
  const merged: MergedAxis[] = []
  for (let axis = from; axis < to; axis++) {
    const length = lengths[axis]!
    if (length === 1) continue
    const before = merged.at(-1)
    if (before && affines.every(({ by }) => by[before.last] === by[axis]! * length)) {
      merged[merged.length - 1] = { last: axis, length: before.length * length }
    } else {
      merged.push({ last: axis, length })
    }
  }
  return merged
}

/** Every place that a value depends on. */
export function affinesOf(value: Value): Affine[] {
  switch (value.op) {
    case 'constant':
      return []
    case 'load':
      return [value.index, ...(value.indirect ? affinesOf(value.indirect.value) : [])]
    case 'guard':
      return [...value.guards.map(({ place }) => place), ...affinesOf(value.value)]
    case 'apply':
      return value.operands.flatMap(affinesOf)
  }
}

/** All that a value loads, those loads included that tell where others look; what is shared, each time. */
export function loadsIn(value: Value): Extract<Value, { op: 'load' }>[] {
  switch (value.op) {
    case 'constant':
      return []
    case 'load':
      return [value, ...(value.indirect ? loadsIn(value.indirect.value) : [])]
    case 'guard':
      return loadsIn(value.value)
    case 'apply':
      return value.operands.flatMap(loadsIn)
  }
}

/** The buffers that a value reads. */
export const buffersIn = (value: Value): number[] => loadsIn(value).map(({ buffer }) => buffer)

/** The value with every place renewed; what was shared stays shared. */
export const mapAffines = (value: Value, renew: (affine: Affine) => Affine): Value => mapAllAffines([value], renew)[0]!

function mapAllAffines(values: readonly Value[], renew: (affine: Affine) => Affine): Value[] {
  const known = new Map<Value, Value>()
  const visit = (old: Value): Value => {
    const before = known.get(old)
    if (before) return before
    const made = rebuild(old)
    known.set(old, made)
    return made
  }
  const rebuild = (old: Value): Value => {
    switch (old.op) {
      case 'constant':
        return old
      case 'load':
        return {
          ...old,
          index: renew(old.index),
          ...(old.indirect && { indirect: { ...old.indirect, value: visit(old.indirect.value) } }),
        }
      case 'guard':
        return {
          ...old,
          guards: old.guards.map(({ place, below }) => ({ place: renew(place), below })),
          value: visit(old.value),
        }
      case 'apply':
        return { ...old, operands: old.operands.map(visit) }
    }
  }
  return values.map(visit)
}

/** The value with each load from `buffer` replaced; what was shared stays shared. */
export function withLoad(value: Value, buffer: number, made: Value): Value {
  const known = new Map<Value, Value>()
  const visit = (old: Value): Value => {
    const before = known.get(old)
    if (before) return before
    const renewed = rebuild(old)
    known.set(old, renewed)
    return renewed
  }
  const rebuild = (old: Value): Value => {
    switch (old.op) {
      case 'constant':
        return old
      case 'load':
        return old.buffer === buffer ? made : old
      case 'guard':
        return { ...old, value: visit(old.value) }
      case 'apply':
        return { ...old, operands: old.operands.map(visit) }
    }
  }
  return visit(value)
}
