import type { FunctionCaller } from './emit/arithmetic.ts'
import { once } from './emit/once.ts'
import { mathFunctions } from './math/functions.ts'
import { call, ifElse, ifValue, sequence, whileLoop } from './wasm/control.ts'
import { i32 } from './wasm/instructions.ts'
import type { WasmModule } from './wasm/module.ts'

/** Calls of the scalar functions of one module, each defined when it is first called. */
export function functionsIn(module: WasmModule): FunctionCaller {
  const functions = mathFunctions(module)
  return {
    call: (name, shape, [x, y]) =>
      name === 'pow'
        ? call(functions.get('pow', shape), { x: x!, y: y! })
        : call(functions.get(name, shape), { x: x! }),
    integerPower: (x, y) => call(integerPower(module), { x, y }),
  }
}

/** By squaring; of a negative power, a fraction, what is left when it is rounded towards zero. */
const integerPower = (module: WasmModule) =>
  once(module, 'integerPower', () =>
    module.func('pow.i32', { params: { x: 'i32', y: 'i32' }, result: 'i32' }, ({ x, y }, f) => {
      const power = f.local('i32', 'power')
      const isOdd = i32.and(y, 1)
      const fraction = ifValue(
        i32.eq(x, 1),
        i32.const(1),
        ifValue(i32.eq(x, -1), ifValue(isOdd, i32.const(-1), i32.const(1)), i32.const(0)),
      )
      const squaring = whileLoop(i32.ne(y, 0), [
        ifElse(isOdd, power.set(i32.mul(power, x))),
        x.set(i32.mul(x, x)),
        y.set(i32.shr_u(y, 1)),
      ])
      return ifValue(i32.lt_s(y, 0), fraction, sequence([power.set(1), squaring], power))
    }),
  )
