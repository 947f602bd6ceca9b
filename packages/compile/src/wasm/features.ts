import { drop } from './control.ts'
import { webAssembly } from './engine.ts'
import { f32x4, i32 } from './instructions.ts'
import { WasmModule } from './module.ts'
import type { Body } from './node.ts'

/** What this engine's WebAssembly can do beyond the first version. */
export interface Features {
  readonly simd: boolean
  /** Shared memory and atomics. In a browser only where the page is cross-origin isolated. */
  readonly threads: boolean
  readonly relaxedSimd: boolean
}

let known: Features | undefined

/** What this engine's WebAssembly can do, found out on the first call. */
export function features(): Features {
  known ??= {
    simd: accepts(drop(f32x4.splat(0))),
    threads: typeof SharedArrayBuffer !== 'undefined' && accepts(i32.atomic.store(0, 0), { shared: true }),
    relaxedSimd: accepts(drop(f32x4.relaxed_madd(f32x4.splat(0), f32x4.splat(0), f32x4.splat(0)))),
  }
  return known
}

function accepts(body: Body, { shared = false } = {}): boolean {
  const module = new WasmModule('features')
  module.memory({ initial: 1, maximum: 1, shared })
  module.func('probe', {}, () => body)
  // Node's --jitless leaves WebAssembly out.
  return 'WebAssembly' in globalThis && webAssembly.validate(module.encode())
}
