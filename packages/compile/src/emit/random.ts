import { InternalError } from '@cotangent/core'
import type { RandomTask } from '../tasks.ts'
import { bytesOf } from '../value.ts'
import { whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { f32, f64, i32, i64 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import type { Addresses } from './cursor.ts'
import type { Phase } from './phase.ts'

/** Numbers drawn by Threefry-2x32-20, bit for bit those of the reference backend; see there for what each kind draws. */
export function emitRandom(task: RandomTask, addresses: Addresses): Phase {
  const { draw, size, store } = task
  const to = addresses.get(store.buffer)!
  return {
    turns: draw === 'permutation' ? 1 : size,
    grain: 1,
    build(f, begin, end) {
      const generator = new Threefry(f, addressOf(task.key, addresses))
      const turn = f.local('i32', 'turn')
      if (draw === 'permutation') return permutation(f, generator, turn, to, size)
      const place = i32.mul(turn, bytesOf(store.dtype))
      return [
        ...generator.prepare(),
        turn.set(begin),
        whileLoop(i32.lt_s(turn, end), [
          ...generator.at(counterOf(task, turn, addresses)),
          ...write(task, generator, place, to),
          turn.set(i32.add(turn, 1)),
        ]),
      ]
    },
  }
}

const addressOf = (value: RandomTask['key'], addresses: Addresses): number => {
  if (value.op !== 'load') throw new InternalError('a draw from what is not in memory')
  return addresses.get(value.buffer)! + value.index.base * bytesOf(value.dtype)
}

/** What stands beside the key: the element's number, or the integer to fold in. */
function counterOf({ draw, data }: RandomTask, turn: Local<'i32'>, addresses: Addresses): Node<'i32'> {
  if (draw !== 'fold') return turn.get
  if (data === undefined) throw new InternalError('fold needs what to fold in')
  if (data.op !== 'load') throw new InternalError('a draw from what is not in memory')
  const step = (data.index.by[0] ?? 0) * 4
  return i32.load(i32.mul(turn, step), { offset: addressOf(data, addresses) })
}

function write({ draw, store }: RandomTask, { x0, x1 }: Threefry, place: Node<'i32'>, to: number): Node<'none'>[] {
  const offset = { offset: to }
  switch (draw) {
    case 'fold':
      return [i32.store(place, x0, offset), i32.store(place, x1, { offset: to + 4 })]
    case 'bits':
      return [i32.store(place, i32.xor(x0, x1), offset)]
    default: {
      if (store.dtype === 'float32') {
        const upper = i32.shr_u(i32.xor(x0, x1), 9)
        return [f32.store(place, f32.mul(f32.convert_i32_u(upper), 2 ** -23), offset)]
      }
      const high = f64.mul(f64.convert_i32_u(x0), 2 ** 20)
      const low = f64.convert_i32_u(i32.shr_u(x1, 12))
      return [f64.store(place, f64.mul(f64.add(high, low), 2 ** -52), offset)]
    }
  }
}

function permutation(
  f: FunctionBuilder,
  generator: Threefry,
  turn: Local<'i32'>,
  to: number,
  size: number,
): Node<'none'>[] {
  const [there, held] = [f.local('i32', 'there'), f.local('i32', 'held')]
  const bits = i64.extend_i32_u(i32.xor(generator.x0, generator.x1))
  const chosen = i32.wrap_i64(i64.shr_u(i64.mul(bits, i64.extend_i32_u(i32.add(turn, 1))), 32n))
  const here = i32.mul(turn, 4)
  const offset = { offset: to }
  return [
    ...generator.prepare(),
    turn.set(0),
    whileLoop(i32.lt_s(turn, size), [i32.store(here, turn, offset), turn.set(i32.add(turn, 1))]),
    turn.set(size - 1),
    whileLoop(i32.gt_s(turn, 0), [
      ...generator.at(turn.get),
      there.set(i32.mul(chosen, 4)),
      held.set(i32.load(here, offset)),
      i32.store(here, i32.load(there, offset), offset),
      i32.store(there, held, offset),
      turn.set(i32.sub(turn, 1)),
    ]),
  ]
}

const PARITY = 0x1bd11bda
const ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24]

/** The two words for a counter below 2³², in locals. */
class Threefry {
  readonly x0: Local<'i32'>
  readonly x1: Local<'i32'>
  readonly #keys: readonly Local<'i32'>[]
  readonly #address: number

  constructor(f: FunctionBuilder, address: number) {
    this.x0 = f.local('i32', 'x0')
    this.x1 = f.local('i32', 'x1')
    this.#keys = [0, 1, 2].map((at) => f.local('i32', `key${at}`))
    this.#address = address
  }

  /** Reads the key. */
  prepare(): Node<'none'>[] {
    const [first, second, third] = this.#keys
    return [
      first!.set(i32.load(0, { offset: this.#address })),
      second!.set(i32.load(0, { offset: this.#address + 4 })),
      third!.set(i32.xor(i32.xor(first!, second!), PARITY)),
    ]
  }

  at(counter: Node<'i32'>): Node<'none'>[] {
    const { x0, x1 } = this
    const key = (at: number) => this.#keys[at % 3]!
    const rounds = [0, 1, 2, 3, 4].flatMap((group) => [
      ...[0, 1, 2, 3].flatMap((round) => [
        x0.set(i32.add(x0, x1)),
        x1.set(i32.xor(i32.rotl(x1, ROTATIONS[(group % 2) * 4 + round]!), x0)),
      ]),
      x0.set(i32.add(x0, key(group + 1))),
      x1.set(i32.add(i32.add(x1, key(group + 2)), group + 1)),
    ])
    return [x0.set(key(0)), x1.set(i32.add(counter, key(1))), ...rounds]
  }
}
