import { vectorsOf } from '../panels.ts'
import { sequence } from '../wasm/control.ts'
import type { Func } from '../wasm/entities.ts'
import { i64, v128 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import { type Written, write } from './micro-kernel.ts'
import { nonzeroBits } from './nonzeros.ts'
import { once } from './once.ts'

/** Windows, each a number further than the last: `count` of them, `k` numbers of each at each turn, and the bytes between turns. */
interface Windows {
  readonly count: number
  readonly k: number
  readonly turns: number
  readonly turn: number
}

const WINDOW_PARAMS = { a: 'i32' } as const

/** For each of the windows from `a` on a bit, the first one's lowest: whether it has other numbers than zeros. */
export function windowBits(module: WasmModule, windows: Windows): Func<typeof WINDOW_PARAMS, 'i64'> {
  const { count, k, turns, turn } = windows
  const numbers = count + k - 1
  return once(module, `windows ${JSON.stringify(windows)}`, () =>
    module.func('bits.windows', { params: WINDOW_PARAMS, result: 'i64' }, ({ a }, f) => {
      const bits = f.local('i64', 'bits')
      const all = (load: (offset: number) => ReturnType<typeof v128.load>, at: number) =>
        Array.from({ length: turns }, (_, of) => load(of * turn + 4 * at)).reduce((some, more) => v128.or(some, more))
      // Bits of what is read beyond the last window's numbers are no window's.
      const starts = Array.from({ length: Math.ceil(numbers / 4) }, (_, at) => 4 * at)
      const columns = starts.map((at) => {
        const vector = all((offset) => v128.load(a, { offset, align: 4 }), at)
        return bits.set(i64.or(bits, i64.shl(i64.extend_i32_u(nonzeroBits(vector)), BigInt(at))))
      })
      // A window has all that its first number and the next ones have.
      const spread = Array.from({ length: k - 1 }, (_, at) => BigInt(at + 1))
      const gathered = spread.reduce((some, by) => i64.or(some, i64.shr_u(bits, by)), bits.get)
      return sequence(columns, gathered)
    }),
  )
}

const CLEAR_PARAMS = { c: 'i32' } as const

/** Writes zeros for so many rows of the output. */
export function clearRows(module: WasmModule, rows: number, written: Written): Func<typeof CLEAR_PARAMS, 'none'> {
  return once(module, `clear ${rows} ${JSON.stringify(written)}`, () =>
    module.func(`clear.${rows}`, { params: CLEAR_PARAMS }, ({ c }, f) => {
      const zero = f.local('v128', 'zero')
      const vectors = vectorsOf(written.columns, written.dtype)
      return write(
        written,
        Array.from({ length: rows }, () => new Array<typeof zero>(vectors).fill(zero)),
        c,
      )
    }),
  )
}
