import { randomKey, ShapeError, shapeText, sizeOf, ValueError } from '@cotangent/core'
import { type Configuration, openRun } from '@cotangent/io'
import { type Net, netFromJSON, type TensorTree } from '@cotangent/models'
import type { Command } from 'commander'
import { SIDE } from './mnist-picture.ts'
import { choiceOption } from './options.ts'

/** A net and what it learnt in a run. */
export interface LearntNet {
  readonly net: Net
  readonly params: TensorTree
  readonly netState: TensorTree
  /** Where it is from, and how long it had been trained, as in `runs/first (epoch 17)` or `runs/first (iteration 1204)`. */
  readonly origin: string
  /** The digits that it learnt from, where its configuration says so. */
  readonly data: 'mnist' | 'synthetic' | undefined
}

/** What {@link withRun} adds. */
export interface LearntOptions {
  readonly run: string
  readonly checkpoint: 'best' | 'latest'
}

/** Adds `--run` and `--checkpoint`. */
export const withRun = (command: Command): Command =>
  command
    .requiredOption('--run <folder>', 'a run that was kept with --out')
    .addOption(
      choiceOption('--checkpoint <which>', 'best: of the highest test accuracy; or latest', ['best', 'latest'], 'best'),
    )

/**
 * The net of a run in a folder, as it was at a checkpoint.
 *
 * @throws FileError, FormatError where there is no run, or none of its checkpoints can be read; ValueError for a run of something
 * that is no net.
 */
export async function openLearnt({ run: folder, checkpoint }: LearntOptions): Promise<LearntNet> {
  const run = await openRun(folder)
  if (run.configuration.net === undefined) {
    throw new ValueError(`the run in ${folder} trained no net that its configuration describes; give another run`)
  }
  const net = netFromJSON(run.configuration.net)
  const [params, netState] = net.init(randomKey(0))
  const like = { params, netState }
  const learnt = await (checkpoint === 'best' ? run.best(like) : run.learnt(like))
  const reached = checkpoint === 'best' && learnt.epoch > 0 ? `epoch ${learnt.epoch}` : `iteration ${learnt.iteration}`
  const origin = `${folder} (${reached})`
  return { net, params: learnt.params, netState: learnt.netState, origin, data: dataOf(run.configuration) }
}

function dataOf({ options }: Configuration): LearntNet['data'] {
  const data = typeof options === 'object' && options !== null && 'data' in options ? options.data : undefined
  return data === 'mnist' || data === 'synthetic' ? data : undefined
}

/**
 * Whether a net takes pictures as rows of pixels, instead of as images.
 *
 * @throws ShapeError for a net that takes no pictures of MNIST's size, or gives no classes.
 */
export function takesRows({ net, origin }: LearntNet): boolean {
  const { input, output } = net
  if (sizeOf(input) === SIDE * SIDE && output.length === 1) return input.length === 1
  throw new ShapeError(
    `the net of ${origin} turns ${shapeText(input)} into ${shapeText(output)}; for digits it must take ${SIDE}×${SIDE} pixels and give a score for each class`,
  )
}
