import type { FunctionCaller } from './emit/arithmetic.ts'
import { mathFunctions } from './math/functions.ts'
import { call } from './wasm/control.ts'
import type { WasmModule } from './wasm/module.ts'

/** Calls of the scalar functions of one module, each defined when it is first called. */
export function functionsIn(module: WasmModule): FunctionCaller {
  const functions = mathFunctions(module)
  return {
    call: (name, shape, [x, y]) =>
      name === 'pow'
        ? call(functions.get('pow', shape), { x: x!, y: y! })
        : call(functions.get(name, shape), { x: x! }),
  }
}
