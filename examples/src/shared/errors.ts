import { CotangentError } from '@cotangent/core'
import { fitted } from './screen.ts'
import { paintedFor } from './style.ts'

/**
 * One sentence on standard error and exit code 1: for the caller's mistakes their message, for anything else its message and
 * where to find the details.
 */
export function reportError(error: unknown): void {
  process.exitCode = 1
  const message = error instanceof Error ? error.message : String(error)
  const explained = error instanceof CotangentError || isSystemError(error)
  console.error(errorText(`${message}${explained ? '' : ' (set DEBUG=1 to see where)'}`))
  if (process.env.DEBUG && error instanceof Error) console.error(error.stack)
}

/** A sentence about an error, as standard error shows it. */
export const errorText = (sentence: string): string =>
  fitted(`error: ${sentence}`, process.stderr).replace(/^error:/, (head) => paintedFor(process.stderr, 'red', head))

/** A failed system call, such as a missing file: its message already says what and where. */
const isSystemError = (error: unknown): boolean => error instanceof Error && 'syscall' in error

/** Ends the program, quietly, once nobody reads its output any more, as after `| head`. */
export function endWithOutput(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error
    process.exit()
  })
}
