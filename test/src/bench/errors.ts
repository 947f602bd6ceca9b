import { CotangentError } from '@cotangent/core'

/** A command line that asks for something else than there is, or a competitor that cannot be measured. */
export class BenchError extends CotangentError {
  override name = 'BenchError'
}
