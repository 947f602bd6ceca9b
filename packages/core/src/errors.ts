/** Something the caller can put right: the message says what was wrong and what to do. */
export class CotangentError extends Error {
  override name = 'CotangentError'
}

/** Shapes, axes or sizes that do not fit. */
export class ShapeError extends CotangentError {
  override name = 'ShapeError'
}

/** A dtype that an operation does not take. */
export class DTypeError extends CotangentError {
  override name = 'DTypeError'
}

/** A value or option out of its range. */
export class ValueError extends CotangentError {
  override name = 'ValueError'
}

/** A derivative that cannot be taken, or a vjp rule that gave something that is not one. */
export class GradientError extends CotangentError {
  override name = 'GradientError'
}

/** A value read where there is none yet, or where reading it would make a derivative wrong. */
export class TraceError extends CotangentError {
  override name = 'TraceError'
}

/** Something that cannot happen; a mistake of Cotangent itself. */
export class InternalError extends Error {
  override name = 'InternalError'
  constructor(what: string) {
    super(`internal error: ${what}; please report it with the code that led here`)
  }
}
