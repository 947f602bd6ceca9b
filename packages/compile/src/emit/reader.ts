import { sequence, whileLoop } from '../wasm/control.ts'
import type { Func } from '../wasm/entities.ts'
import { i32 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import { once } from './once.ts'

/** In bytes. */
export const CACHE_LINE = 64

const PARAMS = { from: 'i32', to: 'i32' } as const

/**
 * Reads a word of each cache line of a stretch of memory, so that it is in the cache: processors foresee what is read next only where
 * it lies behind what was read before. Gives something that depends on all of it.
 */
export const reader = (module: WasmModule): Func<typeof PARAMS, 'i32'> =>
  once(module, 'read', () =>
    module.func('read', { params: PARAMS, result: 'i32' }, ({ from, to }, f) => {
      const all = f.local('i32', 'all')
      return sequence(
        [whileLoop(i32.lt_u(from, to), [all.set(i32.or(all, i32.load(from))), from.set(i32.add(from, CACHE_LINE))])],
        all,
      )
    }),
  )
