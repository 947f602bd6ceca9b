/**
 * Arithmetic on the sizes in shapes, for types. A size known only as `number` makes results `number`, and is written `?`.
 * Numbers are worked on as lists of decimal digits, least significant first: cheap at any size, where lists as long as the
 * number itself end at 10,000.
 */

/** A + B. */
export type Sum<A extends number, B extends number> = number extends A | B
  ? number
  : NumberOf<Add<DigitsOf<A>, DigitsOf<B>>>

/** A · B. */
type Product<A extends number, B extends number> = number extends A | B
  ? number
  : NumberOf<Multiply<DigitsOf<A>, DigitsOf<B>>>

/**
 * How many windows of `K` elements, `D` apart, fit side by side into `N` elements with `P` of padding on both sides, each `S`
 * after the one before: ⌊(N + 2P − D(K − 1) − 1) / S⌋ + 1; `never` if not even one does.
 */
export type WindowCount<
  N extends number,
  K extends number,
  S extends number,
  P extends number,
  D extends number,
> = number extends N | K | S | P | D ? number : 0 extends K | S | D ? number : CountWithin<Padded<N, P>, Reach<K, D>, S>

type Padded<N extends number, P extends number> = P extends 0
  ? DigitsOf<N>
  : Add<DigitsOf<N>, Add<DigitsOf<P>, DigitsOf<P>>>
type Reach<K extends number, D extends number> = D extends 1
  ? DigitsOf<K>
  : Add<Multiply<DigitsOf<D>, Subtract<DigitsOf<K>, [1]>>, [1]>
type CountWithin<N extends Digits, K extends Digits, S extends number> = [Subtract<N, K>] extends [never]
  ? never
  : NumberOf<Add<S extends 1 ? Subtract<N, K> : Divide<Subtract<N, K>, DigitsOf<S>>, [1]>>

/** The product of all sizes. */
export type SizeOf<S extends readonly unknown[]> = S extends readonly [infer N extends number, ...infer Rest]
  ? Rest extends readonly []
    ? N
    : Product<SizeOf<Rest>, N>
  : S extends readonly []
    ? 1
    : number

/** Whether the sizes of two shapes are equal as far as they are known. */
export type Agree<A, B> = A extends readonly [infer M, ...infer RestA]
  ? B extends readonly [infer N, ...infer RestB]
    ? true extends (M extends N ? true : false) | (N extends M ? true : false)
      ? Agree<RestA, RestB>
      : false
    : UnknownRank<B>
  : A extends readonly []
    ? B extends readonly []
      ? true
      : UnknownRank<B>
    : true

/** Whether not even the number of axes is known. */
export type UnknownRank<S> = S extends readonly unknown[] ? (number extends S['length'] ? true : false) : false

/** `S` without `readonly`, as hovers show shapes best. */
export type Writable<S extends readonly unknown[]> = { -readonly [I in keyof S]: S[I] }

/** A shape as messages write it. */
export type ShapeText<S> = S extends readonly unknown[] ? (number extends S['length'] ? '[…]' : `[${Sizes<S>}]`) : never

/** A size as messages write it. */
export type SizeText<N> = N extends number ? (number extends N ? '?' : `${N}`) : never

type Sizes<S extends readonly unknown[], Text extends string = ''> = S extends readonly [infer N, ...infer Rest]
  ? Sizes<Rest, Text extends '' ? SizeText<N> : `${Text}, ${SizeText<N>}`>
  : Text

type Digit = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9
type Digits = readonly Digit[]

/** `Count[d]` is a list of d elements. */
// biome-ignore format: a table
type Count = [[], [1], [1, 1], [1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1, 1, 1, 1]]
type NineMinus = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]

type DigitsOf<
  N extends number,
  Text extends string = `${N}`,
  Out extends Digits = [],
> = Text extends `${infer D extends Digit}${infer Rest}` ? DigitsOf<N, Rest, [D, ...Out]> : Out

type NumberOf<A extends Digits, Text extends string = ''> = A extends readonly [
  infer D extends Digit,
  ...infer Rest extends Digits,
]
  ? NumberOf<Rest, `${D}${Text}`>
  : Numeral<Text>
/** Without leading zeros, which TypeScript does not read as a number. */
type Numeral<Text extends string> = Text extends `0${infer Rest}`
  ? Rest extends ''
    ? 0
    : Numeral<Rest>
  : Text extends `${infer N extends number}`
    ? N
    : never

type Add<A extends Digits, B extends Digits, Carry extends 0 | 1 = 0, Out extends Digits = []> = A extends readonly [
  infer X extends Digit,
  ...infer RestA extends Digits,
]
  ? B extends readonly [infer Y extends Digit, ...infer RestB extends Digits]
    ? AddDigit<X, Y, Carry> extends readonly [infer D extends Digit, infer Next extends 0 | 1]
      ? Add<RestA, RestB, Next, [...Out, D]>
      : never
    : Add<A, [0], Carry, Out>
  : B extends readonly []
    ? Carry extends 0
      ? Out
      : [...Out, 1]
    : Add<[0], B, Carry, Out>

/** The digit and the carry of A + B + Carry. */
type AddDigit<A extends Digit, B extends Digit, Carry extends 0 | 1> = [
  ...Count[A],
  ...Count[B],
  ...Count[Carry],
]['length'] extends infer N extends number
  ? `${N}` extends `1${infer D extends Digit}`
    ? [D, 1]
    : [N, 0]
  : never

/** A − B, as A plus the nines' complement of B plus 1; `never` below zero, when no carry is left. */
type Subtract<
  A extends Digits,
  B extends Digits,
  Carry extends 0 | 1 = 1,
  Out extends Digits = [],
> = A extends readonly [infer X extends Digit, ...infer RestA extends Digits]
  ? B extends readonly [infer Y extends Digit, ...infer RestB extends Digits]
    ? AddDigit<X, NineMinus[Y], Carry> extends readonly [infer D extends Digit, infer Next extends 0 | 1]
      ? Subtract<RestA, RestB, Next, [...Out, D]>
      : never
    : Subtract<A, [0], Carry, Out>
  : B extends readonly []
    ? Carry extends 1
      ? Out
      : never
    : Subtract<[0], B, Carry, Out>

type Multiply<A extends Digits, B extends Digits, Out extends Digits = []> = B extends readonly [
  infer D extends Digit,
  ...infer Rest extends Digits,
]
  ? Multiply<[0, ...A], Rest, AddTimes<Out, A, Count[D]>>
  : Out
type AddTimes<Out extends Digits, A extends Digits, Times extends readonly unknown[]> = Times extends readonly [
  unknown,
  ...infer Rest,
]
  ? AddTimes<Add<Out, A>, A, Rest>
  : Out

/** ⌊A / B⌋ by long division, from the most significant digit on. */
type Divide<
  A extends Digits,
  B extends Digits,
  Left extends Digits = [],
  Out extends Digits = [],
> = A extends readonly [...infer Rest extends Digits, infer D extends Digit]
  ? DivideDigit<[D, ...Left], B> extends readonly [infer Quotient extends Digit, infer Remainder extends Digits]
    ? Divide<Rest, B, Remainder, [Quotient, ...Out]>
    : never
  : Out
type DivideDigit<A extends Digits, B extends Digits, Times extends readonly unknown[] = []> = [Subtract<A, B>] extends [
  never,
]
  ? [Times['length'], A]
  : DivideDigit<Subtract<A, B>, B, [...Times, 1]>
