import { sameAffine } from './affine.ts'
import { withLoad } from './collapse.ts'
import { readsOf } from './plan.ts'
import { type LoopTask, type NamedTask, storesOf, valuesOf } from './tasks.ts'
import type { Value } from './value.ts'

/** Most results of one loop: more addresses than that do not stay in registers. */
const MOST_RESULTS = 4

/**
 * Elementwise loops over the same elements made one, where a later one reads what an earlier one writes or reads: an optimiser's
 * slots and parameters are updated in one pass, each gradient read once. The earlier loop moves to the place of the later one.
 */
export function mergeLoops(tasks: readonly NamedTask[]): NamedTask[] {
  const merged: NamedTask[] = []
  for (const named of tasks) {
    const at = named.task.kind === 'loop' ? partnerOf(named.task, merged) : undefined
    if (at === undefined) {
      merged.push(named)
      continue
    }
    // Checked by partnerOf.
    const [earlier, later] = [merged[at]!.task as LoopTask, named.task as LoopTask]
    merged.splice(at, 1)
    merged.push({ ...named, task: together(earlier, later) })
  }
  return merged
}

/** The latest loop that `later` can be merged with. */
function partnerOf(later: LoopTask, tasks: readonly NamedTask[]): number | undefined {
  if (!isElementwise(later)) return undefined
  const reads = readsOf(later)
  const touched = new Set<number>()
  const written = new Set<number>()
  for (let at = tasks.length - 1; at >= 0; at--) {
    const { task } = tasks[at]!
    if (task.kind === 'loop' && isElementwise(task) && sameElements(task, later)) {
      const stores = storesOf(task)
      const ownReads = readsOf(task)
      const related =
        stores.some(({ buffer }) => reads.has(buffer)) || [...ownReads].some((buffer) => reads.has(buffer))
      const free =
        stores.every(({ buffer }) => !touched.has(buffer)) && [...ownReads].every((buffer) => !written.has(buffer))
      const aligned = stores.every((store) => readsOnlyAt(later, store.buffer, task))
      if (related && free && aligned && stores.length + storesOf(later).length <= MOST_RESULTS) return at
    }
    for (const buffer of readsOf(task)) touched.add(buffer)
    for (const { buffer } of storesOf(task)) {
      touched.add(buffer)
      written.add(buffer)
    }
  }
  return undefined
}

const isElementwise = ({ fold, lengths, rank, also = [] }: LoopTask): boolean =>
  fold === undefined && rank === lengths.length && also.length < MOST_RESULTS

const sameElements = (one: LoopTask, other: LoopTask): boolean =>
  one.lengths.join() === other.lengths.join() &&
  sameAffine(one.store.index, other.store.index) &&
  one.store.dtype === other.store.dtype

/** Whether a loop reads a buffer at no other element than the one that is written there. */
function readsOnlyAt(task: LoopTask, buffer: number, { store }: LoopTask): boolean {
  const holds = (value: Value): boolean => {
    switch (value.op) {
      case 'constant':
        return true
      case 'load':
        if (value.indirect && !holds(value.indirect.value)) return false
        return value.buffer !== buffer || (value.indirect === undefined && sameAffine(value.index, store.index))
      case 'guard':
        return holds(value.value)
      case 'apply':
        return value.operands.every(holds)
    }
  }
  return valuesOf(task).every(holds)
}

/** Both loops as one: what the later one reads of the earlier one's results, it has at hand. */
function together(earlier: LoopTask, later: LoopTask): LoopTask {
  const first = [{ store: earlier.store, value: earlier.value }, ...(earlier.also ?? [])]
  const forwarded = (value: Value): Value =>
    first.reduce((renewed, output) => withLoad(renewed, output.store.buffer, output.value), value)
  const second = [{ store: later.store, value: later.value }, ...(later.also ?? [])].map(({ store, value }) => ({
    store,
    value: forwarded(value),
  }))
  const [own, ...also] = [...second, ...first]
  return { ...later, ...own!, also }
}
