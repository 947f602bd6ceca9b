/**
 * The process that measures jax-js on its WebAssembly backend: run in a folder where it is installed. The whole step is under
 * `jit`; the optimiser of W2 and W3 is gradient descent, less work than Adam. Arrays are consumed where they are used; `.ref`
 * keeps one for another use.
 */
import { ownJob } from '../job.ts'
import { answer, serveTurns } from '../turns.ts'
import { batchesOf, normal } from './images.ts'

const job = ownJob()
// A first step needs no data set.
const batches = job.work === 'first' ? undefined : batchesOf(job, job.work.startsWith('infer') ? 10_000 : 6000)

const begin = performance.now()
// No types: the library is only there where this program is run.
const { defaultDevice, init, jit, lax, nn, numpy: np, tree, valueAndGrad } = await import('@jax-js/jax' as string)
await init('wasm')
defaultDevice('wasm')

// biome-ignore lint/suspicious/noExplicitAny: the library's arrays, without types.
type Value = any
type Params = Readonly<Record<string, Value>>

const net = netOf(job.work)
const input = (images: Float32Array) => np.array(images).reshape(net.shape)
if (batches === undefined) {
  trainingStep()(new Float32Array(78_400), new Float32Array(1000))
  answer({ ms: performance.now() - begin })
} else if (job.work.startsWith('infer')) {
  const outputs = jit(net.outputs)
  await serveTurns((index) => outputs(tree.ref(net.params), input(batches(index).images)).dataSync())
} else {
  const step = trainingStep()
  await serveTurns((index) => {
    const { images, oneHot } = batches(index)
    step(images, oneHot)
  })
}
process.exit()

function trainingStep() {
  const rate = job.work === 'w1' || job.work === 'first' ? 0.1 : 0.001
  const lossOf = (params: Params, x: Value, t: Value) =>
    nn
      .logSoftmax(net.outputs(params, x))
      .mul(t)
      .sum()
      .mul(-1 / job.batch)
  const update = jit((params: Params, x: Value, t: Value) => {
    const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(params), x, t)
    const next = Object.entries(params).map(([name, value]) => [name, value.sub(gradients[name].mul(rate))])
    return [Object.fromEntries(next), loss]
  })
  let { params } = net
  return (images: Float32Array, oneHot: Float32Array): number => {
    let loss: Value
    ;[params, loss] = update(params, input(images), np.array(oneHot).reshape([job.batch, 10]))
    return loss.dataSync()[0]
  }
}

/** A net's first parameters, and its outputs as a function of them and a batch, channels first. */
function netOf(work: string): { shape: number[]; params: Params; outputs: (params: Params, x: Value) => Value } {
  const weights = (shape: number[], deviation: number): Value =>
    np
      .array(
        normal(
          shape.reduce((product, length) => product * length),
          deviation,
        ),
      )
      .reshape(shape)
  const dense = (x: Value, params: Params, at: number) => np.dot(x, params[`w${at}`]).add(params[`b${at}`])
  const convolution = (x: Value, params: Params, at: number, padding: number) => {
    const pads = [
      [padding, padding],
      [padding, padding],
    ]
    return nn.relu(lax.convGeneralDilated(x, params[`w${at}`], [1, 1], pads).add(params[`b${at}`]))
  }
  const pool = (x: Value) => lax.reduceWindow(x, np.max, [2, 2], [2, 2])
  if (work === 'w1' || work === 'infer-w1' || work === 'first') {
    return {
      shape: [job.batch, 784],
      params: {
        w1: weights([784, job.hidden], 0.01),
        b1: np.zeros([job.hidden]),
        w2: weights([job.hidden, 10], 0.01),
        b2: np.zeros([10]),
      },
      outputs: (params, x) => dense(nn.relu(dense(x, params, 1)), params, 2),
    }
  }
  const shape = [job.batch, 1, 28, 28]
  if (work === 'w2' || work === 'infer-w2') {
    return {
      shape,
      params: {
        w0: weights([30, 1, 5, 5], 0.01),
        b0: np.zeros([30, 1, 1]),
        w1: weights([4320, 100], 0.01),
        b1: np.zeros([100]),
        w2: weights([100, 10], 0.01),
        b2: np.zeros([10]),
      },
      outputs: (params, x) => {
        const seen = pool(convolution(x, params, 0, 0)).reshape([-1, 4320])
        return dense(nn.relu(dense(seen, params, 1)), params, 2)
      },
    }
  }
  // Without dropout, which is little work.
  const paddings = [1, 1, 1, 2, 1, 1]
  const sizes = [1, 16, 16, 32, 32, 64, 64]
  const he = (inputs: number) => Math.sqrt(2 / inputs)
  const filters = paddings.flatMap((_, at) => [
    [`w${at}`, weights([sizes[at + 1]!, sizes[at]!, 3, 3], he(9 * sizes[at]!))],
    [`b${at}`, np.zeros([sizes[at + 1]!, 1, 1])],
  ])
  return {
    shape,
    params: {
      ...Object.fromEntries(filters),
      w6: weights([1024, 50], he(1024)),
      b6: np.zeros([50]),
      w7: weights([50, 10], he(50)),
      b7: np.zeros([10]),
    },
    outputs: (params, x) => {
      const seen = paddings.reduce((y, padding, at) => {
        const next = convolution(y, params, at, padding)
        return at % 2 === 1 ? pool(next) : next
      }, x)
      return dense(nn.relu(dense(seen.reshape([-1, 1024]), params, 6)), params, 7)
    },
  }
}
