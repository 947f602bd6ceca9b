import { CotangentError } from '@cotangent/core'

/** Bytes that are not what their format demands, or hold what no tensor can. */
export class FormatError extends CotangentError {
  override name = 'FormatError'
}

/** A file or folder that cannot be read or written, or that would be overwritten. */
export class FileError extends CotangentError {
  override name = 'FileError'
}
