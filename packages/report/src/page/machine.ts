import { availableParallelism, cpus, release, totalmem, type } from 'node:os'

/** What a run was made on. */
export interface Machine {
  readonly processor: string
  /** Threads that it runs at once. */
  readonly threads: number
  /** In bytes. */
  readonly memory: number
  readonly system: string
  readonly node: string
}

/** The machine that this runs on. */
export const thisMachine = (): Machine => ({
  processor: cpus()[0]?.model.trim() ?? process.arch,
  threads: availableParallelism(),
  memory: totalmem(),
  system: `${type()} ${release()}, ${process.arch}`,
  node: process.version,
})
