import { CotangentError } from '@cotangent/core'

/**
 * One sentence on standard error and exit code 1: for the caller's mistakes their message, for anything else its message and
 * where to find the details.
 */
export function reportError(error: unknown): void {
  process.exitCode = 1
  if (error instanceof CotangentError) {
    process.stderr.write(`error: ${error.message}\n`)
    return
  }
  const message = error instanceof Error ? error.message : String(error)
  process.stderr.write(`error: ${message}${isSystemError(error) ? '' : ' (set DEBUG=1 to see where)'}\n`)
  if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`)
}

/** A failed system call, such as a missing file: its message already says what and where. */
const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error
