import { sizeOf } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { loadsIn } from '../collapse.ts'
import { type LoopTask, storesOf, valuesOf } from '../tasks.ts'
import { uniformAlong } from './element.ts'
import { lanesFor } from './vector-arithmetic.ts'

/** Most turns of a fold that are written out one by one: the windows of pooling. */
export const WRITTEN_OUT = 9

/**
 * Which loop is vectorised, if any, and how many turns at once: none of the `given` ones, and only the innermost of those before `first`.
 */
export function vectorisedLoop(
  task: LoopTask,
  given: number,
  first: number,
): { along: number | undefined; lanes: 1 | 2 | 4 } {
  const lanes = lanesOf(task)
  const innermost = vectorLoop(task)
  const along = loopWithLessAccess(task, first, innermost, lanes) ?? innermost
  if (lanes === 1 || along === undefined || along < given) return { along: undefined, lanes: 1 }
  return { along, lanes }
}

/** As many lanes as all that is computed and stored allows. */
function lanesOf({ store, value, best, also = [] }: LoopTask): 1 | 2 | 4 {
  const all = [lanesFor(value, store.dtype), ...also.map((output) => lanesFor(output.value, output.store.dtype))]
  if (best) all.push(lanesFor(value, best.dtype))
  return all.every((lanes) => lanes === all[0]) ? all[0]! : 1
}

/** The loop to vectorise: the innermost folded one if elements lie side by side along it, else the innermost of the output. */
function vectorLoop(task: LoopTask): number | undefined {
  const { value, rank, lengths, fold } = task
  const last = lengths.length - 1
  const folds = last >= rank
  const places = fold === 'argMax' || fold === 'argMin'
  // The least and the greatest of masks is not that of 0 and 1.
  if (places && value.dtype === 'bool') return undefined
  const moves = loadsIn(value).some(({ index }) => index.by[last] === 1)
  if (folds && !places && moves && uniformAlong(value, last)) return last
  const output = rank - 1
  const side = storesOf(task).every(({ index }) => index.by[output] === 1)
  return side && valuesOf(task).every((one) => uniformAlong(one, output)) ? output : undefined
}

/**
 * A loop of the output from `first` on that takes fewer loads and stores than the innermost one, if there is one, where neighbours are
 * loaded one by one: pooling whose images have their channels last, and whose output has them before the pixels, loads several times as
 * much as it stores.
 */
function loopWithLessAccess(
  task: LoopTask,
  first: number,
  innermost: number | undefined,
  lanes: number,
): number | undefined {
  const { rank, lengths } = task
  const turns = sizeOf(lengths.slice(rank))
  if (innermost !== rank - 1 || turns > WRITTEN_OUT) return undefined
  const loads = [...new Set(valuesOf(task).flatMap(loadsIn))]
  const together = ({ index }: { readonly index: Affine }, loop: number) => index.by[loop] === 1 || index.by[loop] === 0
  const costAlong = (loop: number) => {
    const cost = (places: readonly { readonly index: Affine }[]) =>
      places.reduce((all, place) => all + (together(place, loop) ? 1 : lanes), 0)
    return turns * cost(loads) + cost(storesOf(task))
  }
  const fits = (loop: number) =>
    lengths[loop]! >= lanes &&
    valuesOf(task).every((value) => uniformAlong(value, loop)) &&
    loads.every((load) => together(load, loop))
  const others = lengths.slice(0, rank - 1).flatMap((_, loop) => (loop >= first && fits(loop) ? [loop] : []))
  return others.find((loop) => costAlong(loop) < costAlong(innermost))
}
