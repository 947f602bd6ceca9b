import { sizeOf } from '@cotangent/core'
import { loadsIn } from '../collapse.ts'
import { type LoopTask, valuesOf } from '../tasks.ts'
import type { Value } from '../value.ts'
import { drop } from '../wasm/control.ts'
import { i32 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { type ElementContext, placeOfLoad } from './element.ts'
import { CACHE_LINE } from './reader.ts'

/**
 * Bytes of a row that is looked up in a table, from which on it is worth to bring rows into the cache before they are needed, and up
 * to which: all of a longer one but its beginning, the processor foresees.
 */
const SHORT_ROW = 2 * CACHE_LINE
const LONG_ROW = 64 * CACHE_LINE

/**
 * Reads a byte of each cache line of the rows that a turn of a nest's outermost loop looks up, such as the images of a batch. They lie
 * anywhere: what computes on one row waits for memory, while reads that nothing waits for are on their way together.
 */
export function readAhead(task: LoopTask, context: ElementContext): Node<'none'>[] {
  const { rank, lengths } = task
  if (rank !== lengths.length) return []
  const elements = sizeOf(lengths.slice(1))
  // What stands under a guard may lie nowhere.
  const values = valuesOf(task).filter((value) => !isGuarded(value))
  return [...new Set(values.flatMap(loadsIn))].flatMap((load) => {
    const { cursor, address } = placeOfLoad(load, context)
    const bytes = elements * cursor.bytes
    const inOrder = load.index.by.slice(1).every((step, axis) => step === sizeOf(lengths.slice(axis + 2)))
    if (load.indirect === undefined || !inOrder || bytes < SHORT_ROW || bytes > LONG_ROW) return []
    const row = context.f.local('i32', 'row')
    const lines = Array.from({ length: Math.ceil(bytes / CACHE_LINE) }, (_, line) => line * CACHE_LINE)
    // Rows begin anywhere in a line: the last byte may be in one more.
    const reads = [...new Set([...lines, bytes - 1])].map((place) =>
      drop(i32.load8_u(row, { offset: cursor.offset + place })),
    )
    return [row.set(address), ...reads]
  })
}

/** Whether any of what a value reads stands under a guard, also of what says where it reads. */
function isGuarded(value: Value): boolean {
  switch (value.op) {
    case 'constant':
      return false
    case 'load':
      return value.indirect !== undefined && isGuarded(value.indirect.value)
    case 'guard':
      return true
    case 'apply':
      return value.operands.some(isGuarded)
  }
}
