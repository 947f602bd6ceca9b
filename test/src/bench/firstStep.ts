/** The process that measures, in a folder where the built packages are installed, the way from their import to the end of a step. */

import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE_FILE, LABEL_FILE, ownJob } from './job.ts'
import { answer } from './turns.ts'

const { data, threads, batch } = ownJob()
const [pixels, labels] = [IMAGE_FILE, LABEL_FILE].map((name) => new Uint8Array(readFileSync(join(data, name))))

const begin = performance.now()
const [{ carry }, { arange, randomKey, tensor }, { twoLayerNet }, { div, take }, { initialState, sgd, trainStep }] =
  await Promise.all([
    import('@cotangent/compile'),
    import('@cotangent/core'),
    import('@cotangent/models'),
    import('@cotangent/ops'),
    import('@cotangent/train'),
  ])
const net = twoLayerNet()
const images = tensor(pixels!, { shape: [60_000, 784], adopt: true })
const digits = tensor(Int32Array.from(labels!), { adopt: true })
const [params, netState] = net.init(randomKey(0))
const optimizer = sgd({ learningRate: 0.1 })
const step = trainStep<typeof params, typeof netState, ReturnType<typeof arange>>(
  (p, s, indices) => net.loss(p, s, div(take(images, indices), 255), take(digits, indices), { training: true }),
  optimizer,
)
const run = carry(initialState(params, netState, optimizer, randomKey(1)), { threads }).step(step)
run(arange(batch)).loss.item()
answer({ ms: performance.now() - begin })
