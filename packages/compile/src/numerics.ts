import { type CompileOptions, fusedOf } from './options.ts'

/**
 * The compiler's choices that change the bits of results, beside the shapes, dtypes and options of a call: the same choices give
 * the same bits on every machine. Checkpoints keep them, and resuming says where they differ.
 */
export const numericChoices = (options: CompileOptions = {}): Readonly<Record<string, number | boolean>> => ({
  /** To be raised by every change to the order or the rounding in which compiled code computes. */
  version: 4,
  winograd: options.winograd ?? true,
  relaxedMultiplyAdd: fusedOf(options),
})
