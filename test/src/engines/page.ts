/** What the test page runs: bundled for a browser, it offers its functions to the test as globals. */
import { trainTwoLayerNet } from './training.ts'

type Run = (thread: number, threads: number, ...share: readonly number[]) => unknown

/** With how many threads programs were run, as their calls show. */
const threadsUsed = new Set<number>()

// Node's type definitions have no WebAssembly.
const engine = (
  globalThis as unknown as { WebAssembly: { Instance: new (...args: unknown[]) => { exports: { run?: Run } } } }
).WebAssembly
engine.Instance = new Proxy(engine.Instance, {
  construct(Instance, args) {
    const { exports } = new Instance(...args)
    const run: Run = (thread, threads, ...share) => {
      threadsUsed.add(threads)
      return exports.run?.(thread, threads, ...share)
    }
    return { exports: exports.run ? { ...exports, run } : exports }
  },
})

Object.assign(globalThis, { trainTwoLayerNet, threadsUsed: () => [...threadsUsed] })
