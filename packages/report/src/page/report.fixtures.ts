import { randomKey, tensor } from '@cotangent/core'
import type { Net } from '@cotangent/models'
import { uniform } from '@cotangent/ops'
import type { RunDescription } from './describe.ts'

type Record = RunDescription['record']

/** The record of a run on batches of 10, with so many of them in an epoch. */
export function recordOf(history: Record['history'], perEpoch: number): Record {
  const iteration = history.reduce((sum, { losses }) => sum + losses.length, 0)
  const epoch = Math.floor(iteration / perEpoch)
  return { position: { iteration, epoch, count: perEpoch * 10, batchSize: 10, orderKey: randomKey(0) }, history }
}

const twoEpochs = recordOf(
  [
    { epoch: 1, losses: [2.3, 2.1, 1.9], trainAccuracy: 0.5, testAccuracy: 0.4375 },
    { epoch: 2, losses: [1.5, 1.25, 1.125], trainAccuracy: 0.75, testAccuracy: 0.625 },
  ],
  3,
)

/** A net with its first weights, and random samples whose labels are its classes in turn. */
export function untrained(net: Net, count = 30) {
  const [params, netState] = net.init(randomKey(1))
  const classes = Int32Array.from({ length: count }, (_, index) => index % net.output[0]!)
  return {
    name: 'untrained',
    net,
    state: { params, netState },
    record: twoEpochs,
    test: { x: uniform(randomKey(2), [count, ...net.input]), t: tensor(classes) },
  } satisfies RunDescription
}
