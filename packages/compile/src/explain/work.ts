import { isFloat, type Shape, sizeOf } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { PLANES, TILE } from '../emit/winograd.ts'
import type { Graph } from '../graph.ts'
import { pooledLengths, type Store, storesOf, type Task, valuesOf } from '../tasks.ts'
import { bytesOf, tensorBytes, type Value } from '../value.ts'

/** What one run of a task takes. */
export interface Work {
  /** Arithmetic operations and scalar functions on floats, one each; a multiply-add is two. */
  readonly flops: number
  /** Bytes of all elements looked at, each once, however often it is read. */
  readonly bytesRead: number
  /** Bytes of all elements written, each once. */
  readonly bytesWritten: number
}

/** What one run of a task takes, counted from its loops: what guards leave out and caches spare is counted as well. */
export function workOf(task: Task, graph: Graph): Work {
  const looks = looksOf(task)
  return {
    flops: flopsOf(task),
    bytesRead: bytesRead(looks, graph),
    bytesWritten: writtenBy(task),
  }
}

/** A value that is computed once for each turn of the loops of these lengths. */
interface Look {
  readonly value: Value
  readonly lengths: Shape
}

/** All values that a task computes, or reads as they are. */
function looksOf(task: Task): readonly Look[] {
  const lengths = loopsOf(task)
  const look = (value: Value): Look => ({ value, lengths })
  const finished = 'finish' in task && task.finish ? [task.finish] : []
  switch (task.kind) {
    case 'loop':
      return valuesOf(task).map(look)
    case 'scan':
      return [look(task.value)]
    case 'contract': {
      const { batch, rows, columns } = task.counts
      const outside = task.lengths.slice(0, batch + rows + columns)
      return [look(task.a), look(task.b), ...finished.map((value) => ({ value, lengths: outside }))]
    }
    case 'winogradImages': {
      const filters = { value: task.filters, lengths: [task.out[3]!, task.images[3]!, 3, 3] }
      return [{ value: task.value, lengths: task.images }, filters, ...finished.map(look)]
    }
    case 'winogradFilters':
      return [{ value: task.value, lengths: task.images }, look(task.cotangent)]
    case 'pooledFilters': {
      const pooled = { lengths: pooledLengths(task) }
      return [
        { value: task.image, lengths: task.images },
        { value: task.number, ...pooled },
        { value: task.cotangent, ...pooled },
      ]
    }
    case 'scatter': {
      const { start, size, store, value, indirect } = task
      const copied = start === undefined ? [] : [{ value: wholeLoad(start, store), lengths: [size] }]
      return [...copied, look(value), ...(indirect ? [look(indirect.value)] : [])]
    }
    case 'random':
      return [look(task.key), ...(task.data ? [look(task.data)] : [])]
  }
}

const wholeLoad = (buffer: number, { dtype }: Store): Value => ({
  op: 'load',
  dtype,
  buffer,
  index: { base: 0, by: [1] },
})

/** The lengths of a task's loops. */
function loopsOf(task: Task): Shape {
  switch (task.kind) {
    case 'random':
      return [task.size]
    case 'winogradImages':
      return task.out
    case 'winogradFilters':
      return task.cotangents
    case 'pooledFilters':
      return task.windows
    default:
      return task.lengths
  }
}

function flopsOf(task: Task): number {
  const turns = sizeOf(loopsOf(task))
  const counts = isFloat(task.store.dtype) ? turns : 0
  const computed = looksOf(task).reduce((sum, { value, lengths }) => sum + sizeOf(lengths) * operationsIn([value]), 0)
  switch (task.kind) {
    case 'loop':
      return computed + (task.fold === undefined ? 0 : isFloat(task.value.dtype) ? turns : 0)
    case 'contract':
      return computed + 2 * counts
    // The products of transformed tiles, one for 16 outputs and each of 36 places; the transforms are left out.
    case 'winogradImages':
      return computed + 2 * PLANES * tilesIn(task.out) * task.images[3]! * task.out[3]!
    case 'winogradFilters':
      return computed + 2 * PLANES * tilesIn(task.cotangents) * task.images[3]! * task.cotangents[3]!
    case 'pooledFilters':
      return computed + 2 * sizeOf(pooledLengths(task)) * sizeOf(task.windows.slice(3))
    case 'scatter':
    case 'scan':
      return computed + counts
    case 'random':
      return 0
  }
}

/** How many tiles images of [n, h, w, c] have. */
const tilesIn = ([n, h, w]: Shape): number => n! * Math.ceil(h! / TILE) * Math.ceil(w! / TILE)

/** The operations on floats in values, those that are shared once. Choices, casts and comparisons are none. */
function operationsIn(values: readonly Value[]): number {
  const seen = new Set<Value>()
  let count = 0
  const visit = (value: Value): void => {
    if (seen.has(value)) return
    seen.add(value)
    if (value.op === 'apply' && isFloat(value.dtype) && value.name !== 'cast' && value.name !== 'select') count++
    for (const inner of partsOf(value)) visit(inner)
  }
  values.forEach(visit)
  return count
}

/** The values that a value is computed from. */
function partsOf(value: Value): readonly Value[] {
  switch (value.op) {
    case 'constant':
      return []
    case 'load':
      return value.indirect ? [value.indirect.value] : []
    case 'guard':
      return [value.value]
    case 'apply':
      return value.operands
  }
}

function bytesRead(looks: readonly Look[], graph: Graph): number {
  // Of each buffer, what each different load of it sees, but no more than there is.
  const elements = new Map<number, Map<string, number>>()
  const seen = new Set<Value>()
  const visit = (value: Value, lengths: Shape): void => {
    if (seen.has(value)) return
    seen.add(value)
    if (value.op === 'load') {
      const loads = elements.get(value.buffer) ?? new Map<string, number>()
      elements.set(value.buffer, loads)
      const looked = value.indirect ? affinesIn(value.indirect.value) : []
      loads.set(JSON.stringify([value.index, looked]), distinct([value.index, ...looked], lengths))
    }
    for (const inner of partsOf(value)) visit(inner, lengths)
  }
  for (const { value, lengths } of looks) visit(value, lengths)
  let bytes = 0
  for (const [buffer, loads] of elements) {
    const node = graph.nodes[buffer]!
    const looked = [...loads.values()].reduce((sum, count) => sum + count, 0) * bytesOf(node.dtype)
    bytes += Math.min(looked, tensorBytes(node.shape, node.dtype))
  }
  return bytes
}

/** The places of all loads in a value. */
function affinesIn(value: Value): readonly Affine[] {
  return [...(value.op === 'load' ? [value.index] : []), ...partsOf(value).flatMap(affinesIn)]
}

/** How many different combinations of places there can be: the turns of the loops that any of them walks along. */
const distinct = (places: readonly Affine[], lengths: Shape): number =>
  sizeOf(lengths.filter((_, axis) => places.some(({ by }) => by[axis] !== 0)))

function writtenBy(task: Task): number {
  const bytes = bytesOf(task.store.dtype)
  switch (task.kind) {
    case 'loop':
      return storesOf(task).reduce((sum, { index, dtype }) => sum + distinct([index], task.lengths) * bytesOf(dtype), 0)
    case 'contract':
    case 'scan':
      return distinct([task.store.index], task.lengths) * bytes
    case 'winogradImages':
      return sizeOf(task.out) * bytes
    case 'winogradFilters':
      return 9 * task.images[3]! * task.cotangents[3]! * bytes
    case 'pooledFilters':
      return task.filters * sizeOf(task.windows.slice(3)) * bytes
    case 'scatter':
    case 'random':
      return task.size * bytes
  }
}
