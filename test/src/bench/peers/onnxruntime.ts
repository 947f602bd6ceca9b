/** The process that measures onnxruntime on a model's file: run where it is installed, as `onnxruntime.js <job> <web | node> <model>`. */
import { ownJob } from '../job.ts'
import { serveTurns } from '../turns.ts'
import { batchesOf } from './images.ts'

const job = ownJob()
const [kind, model] = process.argv.slice(3) as ['web' | 'node', string]
const batches = batchesOf(job, 10_000)
const shape = job.work === 'infer-w1' ? [job.batch, 784] : [job.batch, 1, 28, 28]

// No types: the library is only there where this program is run.
const ort = await import(`onnxruntime-${kind}`)
if (kind === 'web') ort.env.wasm.numThreads = job.threads
const options = kind === 'web' ? { executionProviders: ['wasm'] } : { intraOpNumThreads: job.threads }
const session = await ort.InferenceSession.create(model, options)
await serveTurns(async (index) => {
  const input = new ort.Tensor('float32', batches(index).images, shape)
  const { output } = await session.run({ input })
  return output.data
})
