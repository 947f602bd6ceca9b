import { STRIP_ROWS } from '../product.ts'
import { forRange, lesser, select, sequence, whileLoop } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { f32x4, i8x16, i16x8, i32, i32x4, i64, v128 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { once } from './once.ts'

// Which numbers of rows are not zero, as bits: 64 of them make a word, the first one its lowest bit.

const WORD_BITS = 64
export const WORD_BYTES = 8

/** The bytes of one number of a list. */
export const LISTED = 4

/** How many words the bits of so many numbers take. */
export const wordsFor = (count: number): number => Math.ceil(count / WORD_BITS)

const BITS_PARAMS = { a: 'i32', count: 'i32', words: 'i32' } as const

/** Writes the bits of `count` numbers side by side. */
export const rowBits = (module: WasmModule): Func<typeof BITS_PARAMS, 'none'> =>
  once(module, 'bits.row', () =>
    module.func('bits.row', { params: BITS_PARAMS }, ({ a, count, words }, f) => {
      const [k, bit, whole] = [f.local('i32', 'k'), f.local('i32', 'bit'), f.local('i32', 'whole')]
      const word = f.local('i64', 'word')
      const differ = (vector: number) => differFromZero(v128.load(a, { offset: 16 * vector, align: 4 }))
      // All ones or all zeros, so that nothing is lost on the way to bytes.
      const sixteen = i8x16.bitmask(
        i8x16.narrow_i16x8_s(i16x8.narrow_i32x4_s(differ(0), differ(1)), i16x8.narrow_i32x4_s(differ(2), differ(3))),
      )
      const note = (bits: Node<'i32'>) => word.set(i64.or(word, i64.shl(i64.extend_i32_u(bits), i64.extend_i32_u(bit))))
      const one = i32.ne(i32.shl(i32.load(a), 1), 0)
      const next = (bits: number) => [a.set(i32.add(a, 4 * bits)), bit.set(i32.add(bit, bits)), k.set(i32.add(k, bits))]
      return [
        whileLoop(i32.lt_s(k, count), [
          word.set(0n),
          bit.set(0),
          whole.set(lesser(i32.and(i32.sub(count, k), -16), i32.const(WORD_BITS))),
          whileLoop(i32.lt_s(bit, whole), [note(sixteen), ...next(16)]),
          whole.set(lesser(i32.sub(i32.add(count, bit), k), i32.const(WORD_BITS))),
          whileLoop(i32.lt_s(bit, whole), [note(one), ...next(1)]),
          i64.store(words, word),
          words.set(i32.add(words, WORD_BYTES)),
        ]),
      ]
    }),
  )

/** Writes the bits of the rows of a strip, for `count` numbers of each: first words of all rows, then second ones. */
export const stripBits = (module: WasmModule): Func<typeof BITS_PARAMS, 'none'> =>
  once(module, 'bits.strip', () =>
    module.func('bits.strip', { params: BITS_PARAMS }, ({ a, count, words }, f) => {
      const [k, turns, at] = [f.local('i32', 'k'), f.local('i32', 'turns'), f.local('i32', 'at')]
      const step = STRIP_ROWS * 4
      const vectors = Array.from({ length: STRIP_ROWS / 4 }, (_, vector) => 16 * vector)
      // Four rows each: the bits of the first and of the second half of a word.
      const halves = [0, 1].map(() => vectors.map(() => f.local('v128', 'half')))
      const clear = (half: readonly Local<'v128'>[]) => half.map((bits) => bits.set(i32x4.const(0, 0, 0, 0)))
      // Backwards, so that the first number becomes the lowest bit.
      const take = (half: readonly Local<'v128'>[]) => [
        ...clear(half),
        turns.set(lesser(i32.sub(count, k), i32.const(WORD_BITS / 2))),
        turns.set(select(turns, 0, i32.gt_s(turns, 0))),
        at.set(i32.add(a, i32.mul(turns, step))),
        whileLoop(i32.gt_u(at, a), [
          at.set(i32.sub(at, step)),
          ...half.map((bits, vector) =>
            // A number that is not zero compares as −1.
            bits.set(
              i32x4.sub(i32x4.add(bits, bits), differFromZero(v128.load(at, { offset: vectors[vector]!, align: 4 }))),
            ),
          ),
        ]),
        a.set(i32.add(a, (WORD_BITS / 2) * step)),
        k.set(i32.add(k, WORD_BITS / 2)),
      ]
      return [
        whileLoop(i32.lt_s(k, count), [
          ...halves.flatMap(take),
          ...vectors.flatMap((_, vector) => {
            const [low, high] = [halves[0]![vector]!, halves[1]![vector]!]
            return [
              v128.store(words, i32x4.shuffle(low, high, [0, 4, 1, 5]), { offset: 32 * vector, align: 8 }),
              v128.store(words, i32x4.shuffle(low, high, [2, 6, 3, 7]), { offset: 32 * vector + 16, align: 8 }),
            ]
          }),
          words.set(i32.add(words, STRIP_ROWS * WORD_BYTES)),
        ]),
      ]
    }),
  )

const LIST_PARAMS = { words: 'i32', step: 'i32', begin: 'i32', end: 'i32', list: 'i32' } as const

/** Lists which of the numbers from `begin` up to `end` are not zero, by their bits, whose words are `step` bytes apart; gives where the list ends. */
export const lister = (module: WasmModule): Func<typeof LIST_PARAMS, 'i32'> =>
  once(module, 'list', () =>
    module.func('list', { params: LIST_PARAMS, result: 'i32' }, ({ words, step, begin, end, list }, f) => {
      const [k, word] = [f.local('i32', 'k'), f.local('i64', 'word')]
      const all = forRange(k, begin, end, WORD_BITS, [
        word.set(i64.load(words)),
        whileLoop(i64.ne(word, 0n), [
          i32.store(list, i32.add(k, i32.wrap_i64(i64.ctz(word)))),
          list.set(i32.add(list, LISTED)),
          word.set(i64.and(word, i64.sub(word, 1n))),
        ]),
        words.set(i32.add(words, step)),
      ])
      return sequence([all], list)
    }),
  )

const COUNT_PARAMS = { a: 'i32', step: 'i32', turns: 'i32' } as const

/** How many numbers are not zero in `turns` vectors, each `step` bytes from the last. */
export const nonzeroCounter = (module: WasmModule): Func<typeof COUNT_PARAMS, 'i32'> =>
  once(module, 'count', () =>
    module.func('count.nonzero', { params: COUNT_PARAMS, result: 'i32' }, ({ a, step, turns }, f) => {
      const count = f.local('i32', 'count')
      const all = whileLoop(i32.ne(turns, 0), [
        count.set(i32.add(count, i32.popcnt(nonzeroBits(v128.load(a, { align: 4 }))))),
        a.set(i32.add(a, step)),
        turns.set(i32.sub(turns, 1)),
      ])
      return sequence([all], count)
    }),
  )

/** Four bits: which numbers of a vector are not zero. */
export const nonzeroBits = (x: Node<'v128'>): Node<'i32'> => i32x4.bitmask(differFromZero(x))

const differFromZero = (x: Node<'v128'>): Node<'v128'> => f32x4.ne(x, i32x4.const(0, 0, 0, 0))
