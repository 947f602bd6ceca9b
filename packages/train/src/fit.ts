import { InternalError } from '@cotangent/core'
import { atBoundary, closeEpoch, evaluationMissing, walkEpoch } from './epoch.ts'
import { EventBatch } from './event-batch.ts'
import type { EndEvent, FitEvent } from './events.ts'
import type { FitOptions } from './options.ts'
import { type Plan, planOf } from './plan.ts'

/**
 * Trains by minibatches. Each epoch walks all samples once, in a new order; its last batch is smaller where the batch size does
 * not divide the samples. The same options give the same bits; what an aborted run returns, given back as `resume`, goes on to
 * the bits of a run that was not.
 *
 * @throws ValueError for options out of range, or a record of other data; ShapeError for data whose first axes differ;
 * {@link DivergenceError}, with all that was reached, when a loss is NaN or infinite.
 * @example
 * const { state, record } = await fit({
 *   loss: (params, netState, { x, t }) => [meanSquaredError(matmul(x, params.w), t), netState],
 *   optimizer: sgd({ learningRate: 0.1 }),
 *   params: { w: zeros([2, 1]) },
 *   data: { x: normal(randomKey(1), [100, 2]), t: ones([100, 1]) },
 *   batchSize: 10,
 *   epochs: 3,
 * })
 */
export async function fit<P, S, D>(options: FitOptions<P, S, D>): Promise<EndEvent<P, S>> {
  const plan = planOf(options)
  const { recorder, onEvent } = options
  await begin(plan)
  let complete = false
  try {
    for await (const events of training(plan)) {
      for (let goesOn = true; goesOn; ) {
        // There may be many thousand events in a second: what is no promise is not waited for.
        const event = events.take()
        const recorded = recorder?.record(event)
        if (recorded) await recorded
        const told = onEvent?.(event)
        if (told) await told
        if (event.type === 'end') {
          complete = true
          return event
        }
        const running = events.left && plan.running()
        goesOn = typeof running === 'boolean' ? running : await running
      }
    }
  } finally {
    // What went wrong first is told.
    await (complete ? recorder?.close() : recorder?.close().catch(() => undefined))
  }
  throw new InternalError('training ended without a result')
}

/**
 * Like {@link fit}, as an iterator over its events, of which the last has type `end` (`onEvent` is not called). Leaving the loop
 * early stops training there; abort by `signal` instead to be given the state and record that were reached.
 *
 * @example
 * const events = fitEvents({
 *   loss: (params, netState, { x, t }) => [meanSquaredError(matmul(x, params.w), t), netState],
 *   optimizer: sgd({ learningRate: 0.1 }),
 *   params: { w: zeros([2, 1]) },
 *   data: { x: normal(randomKey(1), [100, 2]), t: ones([100, 1]) },
 *   batchSize: 10,
 *   epochs: 1,
 * })
 * for await (const event of events) if (event.type === 'iteration') console.log(event.loss)
 */
export async function* fitEvents<P, S, D>(
  options: FitOptions<P, S, D>,
): AsyncGenerator<FitEvent<P, S>, void, undefined> {
  const plan = planOf(options)
  const { recorder } = options
  await begin(plan)
  try {
    for await (const events of training(plan)) {
      do {
        const event = events.take()
        await recorder?.record(event)
        yield event
      } while (events.left && (await plan.running()))
    }
  } finally {
    await recorder?.close()
  }
}

const begin = async <P, S, D>({ options, start, engineName, iterations }: Plan<P, S, D>): Promise<void> =>
  options.recorder?.begin(start, { engine: engineName, iterations })

async function* training<P, S, D>(plan: Plan<P, S, D>): AsyncGenerator<EventBatch<P, S>, void, undefined> {
  const complete = () =>
    reached.record.position.iteration >= plan.iterations && !evaluationMissing(plan, reached.record)
  let reached = plan.start
  if (evaluationMissing(plan, reached.record)) reached = yield* closeEpoch(plan, reached)
  while (!complete() && (await plan.running())) {
    reached = yield* walkEpoch(plan, reached)
    if (atBoundary(plan, reached.record)) reached = yield* closeEpoch(plan, reached)
  }
  yield new EventBatch<P, S>([{ type: 'end', reason: complete() ? 'complete' : 'aborted', ...reached }])
}
