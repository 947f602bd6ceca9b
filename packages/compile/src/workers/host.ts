/**
 * What surrounds the program: Node and its like, or a browser. Found out when asked, without an import of Node's modules, so
 * that a browser loads this package as it is.
 */

/** The part of a browser's global scope that is used here: Node's type definitions have no `Worker`, and no `navigator` yet. */
interface BrowserScope {
  readonly navigator?: { readonly hardwareConcurrency?: number }
  readonly Worker?: new (url: string) => BrowserWorker
}

interface BrowserWorker {
  postMessage(message: unknown): void
  terminate(): void
}

// Both scopes at once, of which one is there.
const scope = globalThis as BrowserScope & { readonly process?: NodeJS.Process }

/** Node's `process`, where there is one that knows Node's modules. */
const node = typeof scope.process?.getBuiltinModule === 'function' ? scope.process : undefined

/** How many threads the machine runs at once. */
export const availableThreads = (): number =>
  node ? node.getBuiltinModule('node:os').availableParallelism() : (scope.navigator?.hardwareConcurrency ?? 1)

/** A variable of the environment; browsers have none. */
export const environmentVariable = (name: string): string | undefined => node?.env[name]

/** Whether the thread that runs this may wait in the system: a browser's window may not. Needs shared memory. */
export function mayWait(): boolean {
  try {
    // The value differs from the one expected, so that nobody waits.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 1, 0)
    return true
  } catch {
    return false
  }
}

/** A thread that runs a script and hears messages. */
export interface HostWorker {
  post(message: unknown): void
  end(): Promise<void>
}

/**
 * Starts a worker thread, which does not keep the process alive. Its script is text, so that it needs no file of its own wherever
 * this package is bundled; it finds `listen(f)`, which has `f` called with each message.
 *
 * @throws Error where the engine or its policy refuses workers.
 */
export function startWorker(script: string): HostWorker {
  if (node) {
    const { Worker } = node.getBuiltinModule('node:worker_threads')
    const listen = `const listen = (f) => require('node:worker_threads').parentPort.on('message', f)\n`
    const worker = new Worker(listen + script, { eval: true, execArgv: [] })
    worker.unref()
    return {
      post: (message) => worker.postMessage(message),
      end: async () => void (await worker.terminate()),
    }
  }
  if (scope.Worker === undefined) throw new Error('there is no Worker')
  const listen = 'const listen = (f) => { onmessage = ({ data }) => f(data) }\n'
  const url = URL.createObjectURL(new Blob([listen + script], { type: 'text/javascript' }))
  const worker = new scope.Worker(url)
  return {
    post: (message) => worker.postMessage(message),
    end: async () => {
      worker.terminate()
      URL.revokeObjectURL(url)
    },
  }
}
