import type { Func } from '../wasm/entities.ts'
import type { WasmModule } from '../wasm/module.ts'

const inModules = new WeakMap<WasmModule, Map<string, Func>>()

/** The function of a module that `signature` says all about, defined when it is wanted first. */
export function once<F extends Func>(module: WasmModule, signature: string, define: () => F): F {
  const defined = inModules.get(module) ?? new Map<string, Func>()
  inModules.set(module, defined)
  const before = defined.get(signature)
  // The signature says what kind of function it is.
  if (before !== undefined) return before as F
  const func = define()
  defined.set(signature, func)
  return func
}
