import { CotangentError } from '@cotangent/core'

/** Bytes that are not an IDX file: a wrong header, or a payload that the header does not describe. */
export class IdxError extends CotangentError {
  override name = 'IdxError'
}

/** Files that are not MNIST, or cannot be read as such. */
export class MnistError extends CotangentError {
  override name = 'MnistError'
}

/**
 * MNIST is on no disk where it is looked for, and the mirror did not give it: no network, a time-out, a dropped
 * connection, or an HTTP status other than 200. Another data set can take its place; a mirror that sends wrong bytes is a
 * plain {@link MnistError}.
 */
export class MnistUnreachableError extends MnistError {
  override name = 'MnistUnreachableError'
}
