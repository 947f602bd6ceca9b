import { reshape, type Tensor } from '@cotangent/core'
import { slice } from '@cotangent/ops'
import { DivergenceError } from './divergence.ts'
import { evaluate } from './evaluate.ts'
import { EventBatch } from './event-batch.ts'
import type { Reached } from './events.ts'
import type { Plan } from './plan.ts'
import { type Accuracies, type TrainingRecord, withAccuracies, withLosses, withSnapshot } from './record.ts'
import type { Recorder } from './recorder.ts'

/** Makes the steps of the epoch that training is in, until it ends, training ends, or is aborted. */
export async function* walkEpoch<P, S, D>(
  { engine, pace, running, iterations, perEpoch, options: { optimizer, recorder } }: Plan<P, S, D>,
  { record }: Reached<P, S>,
): AsyncGenerator<EventBatch<P, S>, Reached<P, S>, undefined> {
  const { epoch, iteration: before, batchSize, orderKey } = record.position
  const order = engine.order(orderKey, epoch)
  const end = Math.min((epoch + 1) * perEpoch, iterations)
  const losses: number[] = []
  const reachedNow = (): Reached<P, S> => ({ state: engine.state(), record: withLosses(record, losses) })
  for (let iteration = before; iteration < end && (await running()); ) {
    const most = stepsBefore(Math.min(iteration + pace.steps, end), iteration, recorder)
    const batches = batchesFrom(order, (iteration - epoch * perEpoch) * batchSize, batchSize, most)
    const steps = batches.shape[0]!
    if (steps > 1) engine.mark()
    const made = await pace.measure(steps, () => engine.steps(batches))
    const finite = made.filter(Number.isFinite)
    const events = new EventBatch<P, S>(
      finite.map((loss, at) => ({
        type: 'iteration',
        iteration: iteration + at + 1,
        iterations,
        epoch: epoch + 1,
        loss,
      })),
    )
    if (events.left) yield events
    iteration += events.taken
    losses.push(...finite.slice(0, events.taken))
    // Only the last one may be not.
    const loss = made[finite.length]
    if (events.left || (loss !== undefined && events.taken > 0 && !(await running()))) {
      // Where training is to end between steps that are made already, those that were told of are made again.
      engine.rewind()
      await engine.steps(slice(batches, { begin: [0, 0], end: [events.taken, batchSize] }))
      return reachedNow()
    }
    if (loss !== undefined) {
      const before = reachedNow()
      await recorder?.checkpoint(before)
      throw new DivergenceError(divergence(loss, iteration + 1, epoch + 1, optimizer.learningRate), {
        iteration: iteration + 1,
        epoch: epoch + 1,
        loss,
        ...before,
      })
    }
    if (recorder?.isDue(iteration)) await recorder.checkpoint(reachedNow())
  }
  return reachedNow()
}

/** How many steps lead from `iteration` to `end`, or to the first iteration before it after which a checkpoint is due. */
function stepsBefore(end: number, iteration: number, recorder: Pick<Recorder, 'isDue'> | undefined) {
  let steps = 1
  while (iteration + steps < end && !recorder?.isDue(iteration + steps)) steps++
  return steps
}

/** The samples of at most so many whole batches from `begin` on, a row for each; or of the one smaller batch that is left. */
function batchesFrom(order: Tensor<'int32'>, begin: number, batchSize: number, most: number): Tensor<'int32'> {
  const left = order.size - begin
  const [count, size] = left < batchSize ? [1, left] : [Math.min(most, Math.floor(left / batchSize)), batchSize]
  return reshape(slice(order, { begin: [begin], end: [begin + count * size] }), [count, size])
}

/** Measures and records what the epoch reached; changes nothing where it is aborted before that is done. */
export async function* closeEpoch<P, S, D>(
  plan: Plan<P, S, D>,
  reached: Reached<P, S>,
): AsyncGenerator<EventBatch<P, S>, Reached<P, S>, undefined> {
  const { state } = reached
  const accuracies = await measure(plan)
  if (accuracies === undefined) return reached
  const { iteration, epoch: completed } = reached.record.position
  const { epoch, losses } = reached.record.history.at(-1)!
  const every = plan.options.snapshotEvery
  let record = withAccuracies(reached.record, accuracies, state)
  if (every !== undefined && completed === epoch && epoch % every === 0) record = withSnapshot(record, state)
  const meanLoss = losses.reduce((total, loss) => total + loss, 0) / losses.length
  const { iterations } = plan
  yield new EventBatch<P, S>([{ type: 'epoch', iteration, iterations, epoch, meanLoss, ...accuracies, state, record }])
  return { state, record }
}

/** Whether an epoch, or all of training, is over and not evaluated yet though it should be. */
export function evaluationMissing<P, S, D>(plan: Plan<P, S, D>, record: TrainingRecord<P, S>): boolean {
  const { train, test } = plan.options.evaluation ?? {}
  const last = record.history.at(-1)
  if (last === undefined || !atBoundary(plan, record)) return false
  return (train !== undefined && last.trainAccuracy === null) || (test !== undefined && last.testAccuracy === null)
}

/** Whether an epoch, or all of training, is over. */
export const atBoundary = (
  { iterations, perEpoch }: Pick<Plan<never, never, never>, 'iterations' | 'perEpoch'>,
  { position: { iteration } }: Pick<TrainingRecord<never, never>, 'position'>,
): boolean => iteration === iterations || iteration % perEpoch === 0

/** `undefined` where it was aborted. */
async function measure<P, S, D>({ train, test, running }: Plan<P, S, D>): Promise<Accuracies | undefined> {
  const trainAccuracy = train && (await evaluate(train, running))
  const testAccuracy = trainAccuracy === undefined ? undefined : test && (await evaluate(test, running))
  return trainAccuracy === undefined || testAccuracy === undefined ? undefined : { trainAccuracy, testAccuracy }
}

function divergence(loss: number, iteration: number, epoch: number, learningRate: unknown): string {
  const than = typeof learningRate === 'number' ? ` than ${learningRate}` : ''
  return `fit: the loss became ${loss} at iteration ${iteration} (epoch ${epoch}); choose a smaller learning rate${than}, or clip the gradients`
}
