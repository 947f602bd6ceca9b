import { sizeOf } from '@cotangent/core'
import { buffersIn } from './collapse.ts'
import type { Graph } from './graph.ts'
import type { Placement } from './placement.ts'
import type { Region } from './regions.ts'
import { type NamedTask, storesOf, type Task } from './tasks.ts'
import { bytesOf, tensorBytes, type Value } from './value.ts'

/** Where a program's own nodes lie, in bytes from the start of its memory. */
export interface MemoryPlan {
  readonly addresses: ReadonlyMap<number, number>
  /** The end of what the plan uses. */
  readonly end: number
  /** What the values between arguments and results take at most, reused as they come and go. */
  readonly arenaBytes: number
}

/** A node's time in memory: from the task that first writes it to the last that reads it, both included. */
export interface Lifetime {
  readonly buffer: number
  readonly bytes: number
  readonly from: number
  readonly to: number
}

/** Addresses are multiples of a cache line; vectors may read up to one beyond the end of a buffer. */
const LINE = 64

/**
 * Lays out a program's memory from 0 on: its arguments first, then an arena that values share over time. Nodes in `elsewhere`
 * (constants, carried state) have their memory already.
 */
export function planMemory(
  graph: Graph,
  placement: Placement,
  tasks: readonly NamedTask[],
  elsewhere: ReadonlySet<number>,
  regions: readonly Region[] = [],
): MemoryPlan {
  const addresses = new Map<number, number>()
  let end = 0
  graph.nodes.forEach((node, place) => {
    if (placement.bufferOf(place) !== place || elsewhere.has(place)) return
    // What has no elements is written by no task, but may be read, or be a result.
    if (sizeOf(node.shape) === 0) addresses.set(place, 0)
    if (node.origin.from !== 'argument') return
    addresses.set(place, end)
    end += room(tensorBytes(node.shape, node.dtype))
  })
  const lifetimes = lifetimesOf(graph, placement, tasks, regions).filter(({ buffer }) => !elsewhere.has(buffer))
  const arena = placeLifetimes(lifetimes)
  for (const [buffer, offset] of arena.offsets) addresses.set(buffer, end + offset)
  return { addresses, end: end + arena.bytes, arenaBytes: arena.bytes }
}

/**
 * When each value between arguments and results is in memory; results stay to the end. All tasks of a region are there at the same
 * time, as threads are at different ones of them.
 */
export function lifetimesOf(
  graph: Graph,
  placement: Placement,
  tasks: readonly NamedTask[],
  regions: readonly Region[] = [],
): Lifetime[] {
  const first = new Map<number, number>()
  const last = new Map<number, number>()
  tasks.forEach(({ task }, at) => {
    const region = regions.find(({ from, to }) => from <= at && at < to)
    const [begin, end] = region ? [region.from, region.to - 1] : [at, at]
    for (const { buffer } of storesOf(task)) {
      if (!first.has(buffer)) first.set(buffer, begin)
      last.set(buffer, end)
    }
    for (const read of readsOf(task)) last.set(read, end)
  })
  for (const result of graph.results) last.set(placement.bufferOf(result)!, tasks.length)
  return [...first].map(([buffer, from]) => {
    const { shape, dtype } = graph.nodes[buffer]!
    return { buffer, bytes: sizeOf(shape) * bytesOf(dtype), from, to: last.get(buffer)! }
  })
}

/** The nodes in memory that a task reads. */
export function readsOf(task: Task): ReadonlySet<number> {
  const reads = new Set<number>()
  const visit = (value: Value): void => {
    for (const buffer of buffersIn(value)) reads.add(buffer)
  }
  switch (task.kind) {
    case 'contract':
      visit(task.a)
      visit(task.b)
      if (task.finish) visit(task.finish)
      break
    case 'winogradImages':
      visit(task.value)
      visit(task.filters)
      if (task.finish) visit(task.finish)
      break
    case 'winogradFilters':
      visit(task.value)
      visit(task.cotangent)
      break
    case 'pooledFilters':
      for (const value of [task.value, task.image, task.number, task.cotangent]) visit(value)
      break
    case 'random':
      visit(task.key)
      if (task.data) visit(task.data)
      break
    case 'scatter':
      visit(task.value)
      if (task.indirect) visit(task.indirect.value)
      if (task.start !== undefined) reads.add(task.start)
      break
    case 'loop':
      visit(task.value)
      for (const { value } of task.also ?? []) visit(value)
      break
    case 'scan':
      visit(task.value)
  }
  return reads
}

/**
 * Offsets at which no two values that are in memory at the same time overlap: the largest first, each at the lowest gap that
 * fits among those placed before (greedy by size, as Pisarchyk and Lee, 2020, describe it).
 */
export function placeLifetimes(lifetimes: readonly Lifetime[]): {
  offsets: ReadonlyMap<number, number>
  bytes: number
} {
  const placed: (Lifetime & { readonly offset: number })[] = []
  let bytes = 0
  for (const life of [...lifetimes].sort((a, b) => b.bytes - a.bytes || a.buffer - b.buffer)) {
    const beside = placed
      .filter((other) => other.from <= life.to && life.from <= other.to)
      .sort((a, b) => a.offset - b.offset)
    let offset = 0
    for (const other of beside) {
      if (offset + room(life.bytes) <= other.offset) break
      offset = Math.max(offset, other.offset + room(other.bytes))
    }
    placed.push({ ...life, offset })
    bytes = Math.max(bytes, offset + room(life.bytes))
  }
  return { offsets: new Map(placed.map(({ buffer, offset }) => [buffer, offset])), bytes }
}

const align = (bytes: number): number => Math.ceil(bytes / LINE) * LINE

/** What a value takes in memory: whole lines, and one to spare so that neighbours never start a power of two apart. */
const room = (bytes: number): number => align(bytes) + LINE
