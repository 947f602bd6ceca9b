import { call, forRange } from '../wasm/control.ts'
import { webAssembly } from '../wasm/engine.ts'
import { i32, v128 } from '../wasm/instructions.ts'
import { WasmModule } from '../wasm/module.ts'
import { mathFunctions, type UnaryName } from './functions.ts'

export const unaryNames: readonly UnaryName[] = ['exp', 'expm1', 'log', 'log1p', 'sin', 'cos', 'tanh', 'erf']

/** Elements that {@link evaluate} takes at once. */
export const BLOCK = 1 << 16

/** The function of every element, in the engine's own time: a view that the next call writes over. */
export function evaluate<A extends Float32Array | Float64Array>(name: UnaryName | 'pow', x: A, y?: A): A {
  memory.set(new Uint8Array(x.buffer, x.byteOffset, x.byteLength), 0)
  if (y) memory.set(new Uint8Array(y.buffer, y.byteOffset, y.byteLength), REGION)
  const shape = x instanceof Float32Array ? 'f32x4' : 'f64x2'
  const run = instance.exports[`${name}.${shape}`]
  if (typeof run !== 'function') throw new Error(`no function ${name}.${shape}`)
  run(Math.ceil(x.byteLength / 16) * 16)
  // The result has the type of the arguments.
  return (
    x instanceof Float32Array
      ? new Float32Array(memory.buffer, 2 * REGION, x.length)
      : new Float64Array(memory.buffer, 2 * REGION, x.length)
  ) as A
}

const REGION = 8 * BLOCK
const instance = instantiate()
const memory = new Uint8Array((instance.exports.memory as { buffer: ArrayBuffer }).buffer)

function instantiate() {
  const module = new WasmModule('math')
  module.memory({ initial: (3 * REGION) / 65536, export: 'memory' })
  const functions = mathFunctions(module)
  for (const shape of ['f32x4', 'f64x2'] as const) {
    for (const name of [...unaryNames, 'pow'] as const) {
      module.func(`run.${name}`, { params: { bytes: 'i32' }, export: `${name}.${shape}` }, ({ bytes }, f) => {
        const at = f.local('i32', 'at')
        const x = v128.load(at)
        const y = v128.load(at, { offset: REGION })
        const value =
          name === 'pow' ? call(functions.get(name, shape), { x, y }) : call(functions.get(name, shape), { x })
        return forRange(at, 0, bytes, 16, v128.store(i32.add(at, 0), value, { offset: 2 * REGION }))
      })
    }
  }
  return new webAssembly.Instance(new webAssembly.Module(module.encode()))
}
