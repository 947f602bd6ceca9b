import { carry } from '@cotangent/compile'
import { type AnyTensor, type Tensor, treeZip } from '@cotangent/core'
import { equal, reshape, sub, where } from '@cotangent/ops'
import { batchOf } from './data.ts'
import type { Metric } from './evaluate.ts'
import type { TrainState, TrainStep } from './step.ts'

/** What runs the steps: `compiled` to WebAssembly, or operation by operation on the `reference` backend. */
export type EngineName = 'compiled' | 'reference'

/** Holds the state of training, makes steps on it and measures it. */
export interface Engine<P, S> {
  /** Makes one step on the samples at `indices`, and gives its loss. A loss that is NaN or infinite leaves the state as it was. */
  step(indices: Tensor<'int32'>): Promise<number>
  /** The state as it is now; later steps do not change it. */
  state(): TrainState<P, S>
  /** A metric over samples of `data`, as a function of their indices. */
  measure<D>(metric: Metric<P, S, D>, data: D): (indices: Tensor<'int32'>) => Promise<number>
}

/** The step as an engine of the given name runs it, from `start` on. */
export function engineOf<P, S>(
  name: EngineName,
  step: TrainStep<P, S, Tensor<'int32'>>,
  start: TrainState<P, S>,
): Engine<P, S> {
  return name === 'compiled' ? compiledEngine(step, start) : referenceEngine(step, start)
}

function referenceEngine<P, S>(step: TrainStep<P, S, Tensor<'int32'>>, start: TrainState<P, S>): Engine<P, S> {
  let state = start
  return {
    async step(indices) {
      const [next, { loss }] = step(state, indices)
      const value = await numberIn(loss)
      if (Number.isFinite(value)) state = next
      return value
    },
    state: () => state,
    measure: (metric, data) => (indices) => numberIn(metric(state.params, state.netState, batchOf(data, indices))),
  }
}

function compiledEngine<P, S>(step: TrainStep<P, S, Tensor<'int32'>>, start: TrainState<P, S>): Engine<P, S> {
  const carried = carry(start)
  const run = carried.step((state, indices: Tensor<'int32'>) => {
    const [next, { loss }] = step(state, indices)
    return [keptUnlessFinite(loss, next, state), loss]
  })
  return {
    step: (indices) => numberIn(run(indices)),
    state: carried.snapshot,
    measure: (metric, data) => {
      const measured = carried.reader(({ params, netState }, indices: Tensor<'int32'>) =>
        metric(params, netState, batchOf(data, indices)),
      )
      return (indices) => numberIn(measured(indices))
    },
  }
}

/** `next` if the loss is finite, else `state`; decided where the step runs. */
function keptUnlessFinite<T>(loss: Tensor, next: T, state: T): T {
  // ∞ − ∞ and NaN − NaN are NaN, which equals nothing. Some losses have axes of length 1.
  const finite = reshape(equal(sub(loss, loss), 0), [])
  return treeZip((after, before) => (after.dtype === 'key' ? after : where(finite, after, before)), next, state)
}

const numberIn = async (scalar: AnyTensor): Promise<number> => (await scalar.read())[0]!
