/** The process that measures TensorFlow.js: run in a folder where it is installed, as `tensorflow.js <job> <wasm | cpu>`. */
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { ownJob } from '../job.ts'
import { answer, serveTurns } from '../turns.ts'
import { batchesOf } from './images.ts'

const job = ownJob()
const backend = process.argv[3]!
const require = createRequire(import.meta.url)
// A first step needs no data set.
const batches = job.work === 'first' ? undefined : batchesOf(job, job.work.startsWith('infer') ? 10_000 : 6000)

const begin = performance.now()
// No types: the library is only there where this program is run, and no dependency of this project.
const library = '@tensorflow/tfjs'
const tf = require(library)
if (backend === 'wasm') {
  const wasm = `${library}-backend-wasm`
  require(wasm).setWasmPaths(join(dirname(require.resolve(`${wasm}/package.json`)), 'dist/'))
}
await tf.setBackend(backend)
await tf.ready()

const net = netOf(job.work)
if (batches === undefined) {
  trainingStep()(new Float32Array(78_400), new Float32Array(1000))
  answer({ ms: performance.now() - begin })
} else if (job.work.startsWith('infer')) {
  await serveTurns((index) => tf.tidy(() => net.outputs(tf.tensor(batches(index).images, net.shape)).dataSync()))
} else {
  const step = trainingStep()
  await serveTurns((index) => {
    const { images, oneHot } = batches(index)
    step(images, oneHot)
  })
}
process.exit()

function trainingStep() {
  const optimizer = job.work === 'w1' || job.work === 'first' ? tf.train.sgd(0.1) : tf.train.adam(0.001)
  return (images: Float32Array, oneHot: Float32Array): number =>
    tf.tidy(() => {
      const x = tf.tensor(images, net.shape)
      const t = tf.tensor(oneHot, [job.batch, 10])
      return optimizer.minimize(() => tf.losses.softmaxCrossEntropy(t, net.outputs(x, true)), true).dataSync()[0]
    })
}

/** A net's outputs as a function of a batch, channels last, with variables of its own. */
function netOf(work: string) {
  const weights = (shape: number[], deviation: number) => tf.variable(tf.randomNormal(shape, 0, deviation))
  const dense = (inputs: number, units: number, deviation = 0.01) => {
    const [w, b] = [weights([inputs, units], deviation), tf.variable(tf.zeros([units]))]
    return (x: unknown) => tf.add(tf.matMul(x, w), b)
  }
  const convolution = (size: number, channels: number, filters: number, padding: number, deviation: number) => {
    const [w, b] = [weights([size, size, channels, filters], deviation), tf.variable(tf.zeros([filters]))]
    return (x: unknown) => tf.relu(tf.add(tf.conv2d(x, w, 1, padding), b))
  }
  const pool = (x: unknown) => tf.maxPool(x, 2, 2, 'valid')
  const flat = (x: unknown, features: number) => tf.reshape(x, [-1, features])
  if (work === 'w1' || work === 'infer-w1' || work === 'first') {
    const [first, second] = [dense(784, job.hidden), dense(job.hidden, 10)]
    return { shape: [job.batch, 784], outputs: (x: unknown) => second(tf.relu(first(x))) }
  }
  const shape = [job.batch, 28, 28, 1]
  if (work === 'w2' || work === 'infer-w2') {
    const [filters, first, second] = [convolution(5, 1, 30, 0, 0.01), dense(4320, 100), dense(100, 10)]
    return { shape, outputs: (x: unknown) => second(tf.relu(first(flat(pool(filters(x)), 4320)))) }
  }
  const he = (inputs: number) => Math.sqrt(2 / inputs)
  const sizes = [
    [1, 16, 1],
    [16, 16, 1],
    [16, 32, 1],
    [32, 32, 2],
    [32, 64, 1],
    [64, 64, 1],
  ] as const
  const layers = sizes.map(([channels, filters, padding]) =>
    convolution(3, channels, filters, padding, he(9 * channels)),
  )
  const [first, second] = [dense(1024, 50, he(1024)), dense(50, 10, he(50))]
  const drop = (x: unknown, training: boolean) => (training ? tf.dropout(x, 0.5) : x)
  return {
    shape,
    outputs: (x: unknown, training = false) => {
      const seen = layers.reduce((y, layer, at) => (at % 2 === 1 ? pool(layer(y)) : layer(y)), x)
      return drop(second(drop(tf.relu(first(flat(seen, 1024))), training)), training)
    },
  }
}
