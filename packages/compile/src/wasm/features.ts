import { drop } from './control.ts'
import { webAssembly } from './engine.ts'
import { f32x4, i32, v128 } from './instructions.ts'
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
let fuses: boolean | undefined

/** What this engine's WebAssembly can do, found out on the first call. */
export function features(): Features {
  known ??= {
    simd: accepts(drop(f32x4.splat(0))),
    threads: typeof SharedArrayBuffer !== 'undefined' && accepts(i32.atomic.store(0, 0), { shared: true }),
    relaxedSimd: accepts(drop(f32x4.relaxed_madd(f32x4.splat(0), f32x4.splat(0), f32x4.splat(0)))),
  }
  return known
}

/**
 * Whether the relaxed multiply-add of this engine, on this processor, rounds once: it may also multiply and add as two
 * instructions, of the same bits as those and no faster. Found out on the first call.
 */
export function fusesMultiplyAdd(): boolean {
  fuses ??= features().relaxedSimd && roundsOnce()
  return fuses
}

function roundsOnce(): boolean {
  // (1 + 2⁻¹²)² - (1 + 2⁻¹¹) is 2⁻²⁴, which a product rounded to float32 has lost.
  const module = new WasmModule('fuses')
  const [x, y] = [f32x4.splat(1 + 2 ** -12), f32x4.splat(-(1 + 2 ** -11))]
  module.func('probe', { result: 'i32', export: true }, () => v128.any_true(f32x4.relaxed_madd(x, x, y)))
  const { exports } = new webAssembly.Instance(new webAssembly.Module(module.encode()), {})
  // What the function above gives.
  return (exports.probe as () => number)() === 1
}

function accepts(body: Body, { shared = false } = {}): boolean {
  const module = new WasmModule('features')
  module.memory({ initial: 1, maximum: 1, shared })
  module.func('probe', {}, () => body)
  // Node's --jitless leaves WebAssembly out.
  return 'WebAssembly' in globalThis && webAssembly.validate(module.encode())
}
