import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { builtPackages } from './built.ts'
import type { Command } from './competitor.ts'
import type { Job, WorkName } from './job.ts'
import { installPeer } from './peers/install.ts'
import { findPyTorch, pyTorchCommand } from './peers/pytorch.ts'

/** What is measured: Cotangent, or a peer. */
export interface System {
  /** What `--peers` calls it. */
  readonly name: string
  /** With how many threads it is measured. */
  readonly threads: readonly number[]
  readonly works: readonly WorkName[]
  /** What a step of a work takes that is measured only with `--slow`. */
  readonly slow?: Partial<Record<WorkName, string>>
  /** Why it has no figure for works that others have. */
  readonly lacks?: Partial<Record<WorkName, string>>
  /**
   * Finds it, or installs it in the user's cache.
   *
   * @throws BenchError where it cannot be had.
   */
  prepare(): Promise<Ready>
}

/** A system that is there. */
export interface Ready {
  readonly title: string
  readonly launch: (job: Job) => Command
}

/** Two threads and one, where the machine has two. */
const TWO_AND_ONE = availableParallelism() > 1 ? [2, 1] : [1]

const MOST = TWO_AND_ONE.slice(0, 1)

export const COTANGENT: System = {
  name: 'cotangent',
  threads: TWO_AND_ONE,
  works: ['w1', 'w2', 'w3', 'infer-w1', 'infer-w2', 'first', 'full', 'heap'],
  prepare: async () => ({
    title: 'Cotangent',
    launch: (job) => {
      const file = process.execPath
      switch (job.work) {
        case 'first':
          return { file, args: [builtPackages(job.data), JSON.stringify(job)] }
        case 'full':
          return wholeExample(job)
        default:
          return {
            file,
            args: [
              '--expose-gc',
              '--import',
              'tsx',
              fileURLToPath(new URL('cotangent.ts', import.meta.url)),
              JSON.stringify(job),
            ],
          }
      }
    },
  }),
}

/** What `pnpm example two-layer` starts, which tells the peak of its memory at its end. */
function wholeExample({ data, threads }: Job): Command {
  const root = fileURLToPath(new URL('../../../', import.meta.url))
  const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { scripts: { example: string } }
  const [, ...words] = scripts.example.split(' ')
  const [flags, main] = [words.slice(0, -1), join(root, words.at(-1)!)]
  const memory = ['--import', new URL('memory.mjs', import.meta.url).href]
  const args = [...flags, ...memory, main, 'two-layer', '--data-dir', data]
  return { file: process.execPath, args, env: { ...process.env, COTANGENT_THREADS: `${threads}` } }
}

const tensorFlow = (backend: 'wasm' | 'cpu'): Pick<System, 'threads' | 'prepare'> => ({
  threads: [1],
  prepare: async () => {
    const packages = { '@tensorflow/tfjs': '4.22.0', '@tensorflow/tfjs-backend-wasm': '4.22.0' }
    const script = await installPeer(new URL('peers/tensorflow.ts', import.meta.url), packages)
    return {
      title: backend === 'wasm' ? 'TensorFlow.js wasm' : 'TensorFlow.js plain',
      launch: (job) => ({ file: process.execPath, args: [script, JSON.stringify(job), backend] }),
    }
  },
})

const NO_KERNEL = 'it has no kernel for the gradient of a convolution'

export const PEERS: readonly System[] = [
  {
    name: 'pytorch',
    threads: TWO_AND_ONE,
    works: ['w1', 'w2', 'w3', 'infer-w1', 'infer-w2', 'first', 'full'],
    prepare: async () => {
      const { python, version } = findPyTorch()
      return { title: `PyTorch ${version}`, launch: (job) => pyTorchCommand(python, job) }
    },
  },
  {
    name: 'tfjs-wasm',
    works: ['w1', 'infer-w1', 'infer-w2', 'first'],
    lacks: { w2: NO_KERNEL, w3: NO_KERNEL },
    ...tensorFlow('wasm'),
  },
  {
    name: 'tfjs',
    works: ['w1', 'w2', 'w3', 'infer-w1', 'infer-w2', 'first'],
    slow: { w2: '6 s', w3: '100 s' },
    ...tensorFlow('cpu'),
  },
  {
    name: 'jax-js',
    threads: [1],
    works: ['w1', 'w2', 'w3', 'infer-w1', 'infer-w2', 'first'],
    slow: { w3: '13 s' },
    prepare: async () => {
      const script = await installPeer(new URL('peers/jax.ts', import.meta.url), { '@jax-js/jax': '0.1.25' })
      return {
        title: 'jax-js wasm',
        launch: (job) => ({ file: process.execPath, args: [script, JSON.stringify(job)] }),
      }
    },
  },
  {
    name: 'onnxruntime-web',
    threads: MOST,
    works: ['infer-w1', 'infer-w2'],
    prepare: async () => {
      const script = await installPeer(new URL('peers/onnxruntime.ts', import.meta.url), {
        'onnxruntime-web': '1.30.0',
      })
      return {
        title: 'onnxruntime-web',
        launch: (job) => ({ file: process.execPath, args: [script, JSON.stringify(job), 'web', modelOf(job)] }),
      }
    },
  },
  {
    // The tests of ONNX files have it among their own dependencies.
    name: 'onnxruntime-node',
    threads: MOST,
    works: ['infer-w1', 'infer-w2'],
    prepare: async () => {
      const script = ['--import', 'tsx', fileURLToPath(new URL('peers/onnxruntime.ts', import.meta.url))]
      return {
        title: 'onnxruntime-node',
        launch: (job) => ({ file: process.execPath, args: [...script, JSON.stringify(job), 'node', modelOf(job)] }),
      }
    },
  },
]

const modelOf = ({ data, work }: Job): string => join(data, `${work}.onnx`)
