import type { WasmModule } from '../wasm/module.ts'
import type { BinaryFunc, ByShape, UnaryFunc } from './code.ts'
import { erf } from './error-function.ts'
import { exp, expm1 } from './exponential.ts'
import type { Shape } from './lanes.ts'
import { Library } from './library.ts'
import { log, log1p } from './logarithm.ts'
import { pow } from './power.ts'
import { tanh } from './tanh.ts'
import { cos, sin } from './trigonometric.ts'

export type UnaryName = keyof typeof UNARY

/** The scalar functions of one module, for four float32 or two float64 at a time. */
export interface MathFunctions {
  /** The function, which is defined in the module the first time it is asked for. */
  get(name: UnaryName, shape: Shape): UnaryFunc
  get(name: 'pow', shape: Shape): BinaryFunc
}

/**
 * The scalar functions of compiled code, on vectors. Each lane's result depends on that lane's argument alone, and on
 * no engine: plain SIMD, without multiply-add and imports. So a scalar is computed by splatting it and taking lane 0,
 * with the same bits. Errors are below 2 ulp in float32 and 4 ulp in float64; those with each function were measured
 * against references of higher precision, at all float32 from 2^−12 to 2^7 and every 16th of the others, and at three
 * million float64.
 *
 * @example
 * const module = new WasmModule('example')
 * const functions = mathFunctions(module)
 * const exp = functions.get('exp', 'f32x4')
 * module.func('e', { result: 'f32', export: true }, () => f32x4.extract_lane(call(exp, { x: f32x4.splat(1) }), 0))
 */
export function mathFunctions(module: WasmModule): MathFunctions {
  const library = new Library(module)
  function get(name: UnaryName, shape: Shape): UnaryFunc
  function get(name: 'pow', shape: Shape): BinaryFunc
  function get(name: UnaryName | 'pow', shape: Shape): UnaryFunc | BinaryFunc {
    return name === 'pow' ? library.get(pow[shape]) : library.get(UNARY[name][shape])
  }
  return { get }
}

const UNARY = { exp, expm1, log, log1p, sin, cos, tanh, erf } satisfies { [name: string]: ByShape<UnaryFunc> }
