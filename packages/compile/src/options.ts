import { availableParallelism } from 'node:os'
import { ValueError } from '@cotangent/core'
import { features } from './wasm/features.ts'

export interface CompileOptions {
  /**
   * How many threads run a program together, the calling one included; results do not depend on it. Default: the environment's
   * `COTANGENT_THREADS`, else as many as the machine has, at most 8; one where threads cannot share memory.
   */
  readonly threads?: number
}

/** More threads than this gain nothing on programs of this kind. */
const MOST_THREADS = 8

/** @throws ValueError for a number of threads that is not an integer from 1 to what the machine has. */
export function threadsOf({ threads }: CompileOptions): number {
  const available = availableParallelism()
  const fromEnvironment = process.env.COTANGENT_THREADS
  const given = threads ?? (fromEnvironment ? Number(fromEnvironment) : undefined)
  if (given === undefined) return features().threads ? Math.min(available, MOST_THREADS) : 1
  const source = threads === undefined ? 'COTANGENT_THREADS' : 'threads'
  if (!Number.isInteger(given) || given < 1) {
    throw new ValueError(`compile: ${source} is ${threads ?? fromEnvironment}; give a positive integer`)
  }
  if (given > available && given > 1) {
    throw new ValueError(
      `compile: ${source} is ${given}, but this machine runs ${available} at once; give at most ${available}`,
    )
  }
  return given
}
