import fc from 'fast-check'

/** One thing that goes wrong with bytes. Positions are fractions of the length, so that they shrink and fit any file. */
export type Corruption =
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'truncate'; readonly at: number }
  | { readonly kind: 'insert'; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove'; readonly at: number; readonly length: number }
  | { readonly kind: 'copy'; readonly at: number; readonly from: number; readonly length: number }

// fc.double spreads over exponents, nearly always close to 0; a whole number of parts spreads evenly.
const evenly = fc.integer({ min: 0, max: 99_999 }).map((parts) => parts / 100_000)
/** Half of the positions are drawn to the beginning, where the headers are. */
const position = fc.oneof(
  evenly,
  evenly.map((at) => at ** 6),
)
const length = fc.integer({ min: 1, max: 12 })

/** One to three corruptions, one after another. */
export const corruptions: fc.Arbitrary<readonly Corruption[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('flip' as const), at: position, bit: fc.integer({ min: 0, max: 7 }) }),
    },
    fc.record({ kind: fc.constant('truncate' as const), at: position }),
    fc.record({
      kind: fc.constant('insert' as const),
      at: position,
      bytes: fc.uint8Array({ minLength: 1, maxLength: 12 }),
    }),
    fc.record({ kind: fc.constant('remove' as const), at: position, length }),
    fc.record({ kind: fc.constant('copy' as const), at: position, from: position, length }),
  ),
  { minLength: 1, maxLength: 3 },
)

export const corrupt = (bytes: Uint8Array, list: readonly Corruption[]): Uint8Array => list.reduce(corruptOnce, bytes)

function corruptOnce(bytes: Uint8Array, corruption: Corruption): Uint8Array {
  if (bytes.length === 0) return bytes
  const place = (fraction: number): number => Math.min(bytes.length - 1, Math.floor(fraction * bytes.length))
  const at = place(corruption.at)
  const before = bytes.subarray(0, at)
  switch (corruption.kind) {
    case 'flip': {
      const flipped = bytes.slice()
      flipped[at]! ^= 1 << corruption.bit
      return flipped
    }
    case 'truncate':
      return before.slice()
    case 'insert':
      return Uint8Array.of(...before, ...corruption.bytes, ...bytes.subarray(at))
    case 'remove':
      return Uint8Array.of(...before, ...bytes.subarray(at + corruption.length))
    case 'copy': {
      const from = place(corruption.from)
      return Uint8Array.of(...before, ...bytes.subarray(from, from + corruption.length), ...bytes.subarray(at))
    }
  }
}
