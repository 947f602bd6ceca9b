import { carry } from '@cotangent/compile'
import { type AnyTensor, foldIn, ones, reshape, type Tensor, tensor, treeZip } from '@cotangent/core'
import { equal, permutation, slice, sub, where } from '@cotangent/ops'
import { batchOf } from './data.ts'
import type { Metric } from './evaluate.ts'
import type { TrainState, TrainStep } from './step.ts'

/** What runs the steps: `compiled` to WebAssembly, or operation by operation on the `reference` backend. */
export type EngineName = 'compiled' | 'reference'

/** Holds the state of training, makes steps on it and measures it. */
export interface Engine<P, S> {
  /**
   * Makes a step on the samples at each row of `indices`, and gives their losses. A loss that is NaN or infinite is the last one,
   * and leaves the state as it was before it.
   */
  steps(indices: Tensor<'int32'>): Promise<readonly number[]>
  /** The samples in the order that a key gives an epoch. */
  order(key: Tensor<'key'>, epoch: number): Tensor<'int32'>
  /** The state as it is now; later steps do not change it. */
  state(): TrainState<P, S>
  /** Remembers the state as it is now, for {@link rewind}. */
  mark(): void
  /** Goes back to the state of the last {@link mark}. */
  rewind(): void
  /** A metric over samples of `data`, as a function of rows of their indices: a number for each row. */
  measure<D>(metric: Metric<P, S, D>, data: D): (indices: Tensor<'int32'>) => Promise<readonly number[]>
}

/** What an engine trains: the step, from `start` on, and how many samples there are. */
interface Work<P, S> {
  readonly step: TrainStep<P, S, Tensor<'int32'>>
  readonly start: TrainState<P, S>
  readonly count: number
}

/** The engine of the given name. */
export const engineOf = <P, S>(name: EngineName, work: Work<P, S>): Engine<P, S> =>
  name === 'compiled' ? compiledEngine(work) : referenceEngine(work)

function referenceEngine<P, S>({ step, start, count }: Work<P, S>): Engine<P, S> {
  let state = start
  let marked = start
  return {
    async steps(indices) {
      const losses: number[] = []
      for (const row of rowsOf(indices)) {
        const [next, { loss }] = step(state, row)
        const [value] = await numbersIn(loss)
        losses.push(value!)
        if (!Number.isFinite(value)) break
        state = next
      }
      return losses
    },
    order: (key, epoch) => order(key, epoch, count),
    state: () => state,
    mark: () => {
      marked = state
    },
    rewind: () => {
      state = marked
    },
    measure: (metric, data) => async (indices) => {
      const measured: number[] = []
      for (const row of rowsOf(indices))
        measured.push(...(await numbersIn(metric(state.params, state.netState, batchOf(data, row)))))
      return measured
    },
  }
}

function compiledEngine<P, S>({ step, start, count }: Work<P, S>): Engine<P, S> {
  // Once a loss is not finite, no step of the same call changes the state any more.
  const going = ones([], { dtype: 'bool' })
  const carried = carry({ state: start, going })
  const run = carried.step(({ state, going }, indices: Tensor<'int32'>) => {
    const [next, { loss }] = step(state, indices)
    const goes = where(going, isFiniteLoss(loss), going)
    return [{ state: keptWhere(goes, next, state), going: goes }, loss]
  })
  const orderOf = carried.reader((_, key: Tensor<'key'>, epoch: Tensor<'int32'>) => order(key, epoch, count))
  return {
    async steps(indices) {
      const losses = await numbersIn(run.many(indices))
      const diverged = losses.findIndex((loss) => !Number.isFinite(loss))
      return diverged < 0 ? losses : losses.slice(0, diverged + 1)
    },
    order: (key, epoch) => (count < MANY ? order(key, epoch, count) : orderOf(key, tensor(epoch, { dtype: 'int32' }))),
    state: () => carried.snapshot().state,
    mark: carried.mark,
    rewind: carried.rewind,
    measure: (metric, data) => {
      const measured = carried.reader(({ state: { params, netState } }, indices: Tensor<'int32'>) =>
        metric(params, netState, batchOf(data, indices)),
      )
      return (indices) => numbersIn(measured.many(indices))
    },
  }
}

/** Fewer samples are put in order before that is compiled. */
const MANY = 10_000

const order = (key: Tensor<'key'>, epoch: number | Tensor<'int32'>, count: number): Tensor<'int32'> =>
  permutation(foldIn(key, epoch), count)

/** Of a scalar; some losses have axes of length 1. */
const isFiniteLoss = (loss: AnyTensor): Tensor<'bool'> =>
  // ∞ − ∞ and NaN − NaN are NaN, which equals nothing.
  reshape(equal(sub(loss, loss), 0), [])

/** `next` where `condition` holds, else `state`. */
const keptWhere = <T>(condition: Tensor<'bool'>, next: T, state: T): T =>
  treeZip((after, before) => (after.dtype === 'key' ? after : where(condition, after, before)), next, state)

/** The rows of a matrix of indices, as vectors. */
function rowsOf(indices: Tensor<'int32'>): Tensor<'int32'>[] {
  const [count = 0, length = 0] = indices.shape
  return Array.from({ length: count }, (_, row) =>
    reshape(slice(indices, { begin: [row, 0], end: [row + 1, length] }), [length]),
  )
}

/** The elements of a scalar, or of as many as there are rows. */
const numbersIn = async (measured: AnyTensor): Promise<readonly number[]> => Array.from(await measured.read())
