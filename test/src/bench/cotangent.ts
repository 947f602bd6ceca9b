/** The process that measures Cotangent: see `Job` for its argument, `serveTurns` for what it answers. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { carry, compile } from '@cotangent/compile'
import { arange, randomKey, type Tensor, tensor } from '@cotangent/core'
import { deepConvNet, type Net, simpleConvNet, twoLayerNet } from '@cotangent/models'
import { div, take } from '@cotangent/ops'
import { adam, initialState, type Optimizer, sgd, trainStep } from '@cotangent/train'
import { IMAGE_FILE, type Job, LABEL_FILE, ownJob } from './job.ts'
import { answer, serveTurns } from './turns.ts'

const job = ownJob()
const bytes = (name: string) => new Uint8Array(readFileSync(join(job.data, name)))
const pixels = bytes(IMAGE_FILE)
const count = pixels.length / 784

switch (job.work) {
  case 'w1':
    await serveTurns(training(twoLayerNet({ hiddenSize: job.hidden }), sgd({ learningRate: 0.1 })))
    break
  case 'w2':
    await serveTurns(training(simpleConvNet(), adam()))
    break
  case 'w3':
    await serveTurns(training(deepConvNet(), adam()))
    break
  case 'infer-w1':
    await serveTurns(inference(twoLayerNet()))
    break
  case 'infer-w2':
    await serveTurns(inference(simpleConvNet()))
    break
  case 'heap':
    answer({ bytes: heapGrowth(training(twoLayerNet(), sgd({ learningRate: 0.1 })), 10_000) })
    break
  default:
    throw new Error(`${job.work} is measured elsewhere`)
}

/** A step on a batch that it selects from the data set, the loss read. */
function training(net: Net, optimizer: Optimizer): (index: number) => void {
  const images = tensor(pixels, { shape: [count, ...net.input], adopt: true })
  const labels = tensor(Int32Array.from(bytes(LABEL_FILE)), { adopt: true })
  const [params, netState] = net.init(randomKey(0))
  const start = initialState(params, netState, optimizer, randomKey(1))
  const step = trainStep<typeof params, typeof netState, Tensor<'int32'>>(
    (p, s, indices, key) =>
      net.loss(p, s, div(take(images, indices), 255), take(labels, indices), { training: true, key }),
    optimizer,
  )
  const run = carry(start, { threads: job.threads }).step(step)
  return (index) => {
    const begin = beginOf(index, job)
    run(arange(begin, begin + job.batch)).loss.item()
  }
}

/** A pass over a batch of float32 images that come from outside, the outputs read. */
function inference(net: Net): (index: number) => void {
  const [params, netState] = net.init(randomKey(0))
  const predict = compile((x: Tensor) => net.predict(params, netState, x), { threads: job.threads })
  const scaled = Float32Array.from(pixels.subarray(0, 10_000 * 784), (pixel) => pixel / 255)
  const batches = Array.from({ length: 10_000 / job.batch }, (_, at) =>
    tensor(scaled.subarray(at * job.batch * 784, (at + 1) * job.batch * 784), { shape: [job.batch, ...net.input] }),
  )
  return (index) => void predict(batches[index % batches.length]!).data
}

/** Where the batch of a step begins: one after the other, from the start again when all were there. */
function beginOf(index: number, { batch }: Job): number {
  return (index % Math.floor(count / batch)) * batch
}

/** What so many steps leave on the heap, in bytes, with what it holds outside; the first steps warm the engine up. */
function heapGrowth(step: (index: number) => void, steps: number): number {
  const held = () => {
    // Twice: what the first finds dead may hold more.
    for (let time = 0; time < 2; time++) globalThis.gc?.()
    const { heapUsed, external, arrayBuffers } = process.memoryUsage()
    return heapUsed + external + arrayBuffers
  }
  let index = 0
  const run = (times: number) => {
    for (let at = 0; at < times; at++) step(index++)
  }
  run(3000)
  const before = held()
  run(steps)
  return held() - before
}
