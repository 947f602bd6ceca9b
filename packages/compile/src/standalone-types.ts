import { type DType, type Shape, shapeText, sizeOf } from '@cotangent/core'

/** A tensor of an exported program: where its elements lie in the program's memory, row by row and little-endian. */
export interface Port {
  readonly name: string
  /** In bytes; a multiple of 64. */
  readonly address: number
  readonly dtype: DType
  readonly shape: Shape
}

export interface Ports {
  readonly inputs: readonly Port[]
  readonly outputs: readonly Port[]
}

/** The text of a `.d.ts` file for the exports of a program, with an example of their use. */
export function declarationsOf({ inputs, outputs }: Ports): string {
  const ports = [...inputs, ...outputs]
  return `// A program that Cotangent compiled: one WebAssembly module, without imports, for one thread. To run it:
//
//   const { instance } = await WebAssembly.instantiate(bytes)
//   const { ${['memory', ...ports.map(({ name }) => name), 'run'].join(', ')} } = instance.exports as unknown as Exports
${inputs.map((port) => `//   ${viewOf(port)}.set(…)\n`).join('')}//   run()
${outputs.map((port) => `//   ${viewOf(port)} // ${shapeText(port.shape)}\n`).join('')}
/** What the module exports. */
export interface Exports {
  /** Of fixed size. */
  readonly memory: WebAssembly.Memory
${inputs.map((port) => globalOf(port, 'input')).join('')}${outputs.map((port) => globalOf(port, 'output')).join('')}  /** Computes the outputs from the inputs. Inputs stay as they are; outputs are replaced by the next run. */
  run(): void
}
`
}

/** The typed array of each dtype, how many of its elements a tensor's element takes, and what a single one is. */
const ARRAYS: Readonly<Record<DType, { readonly array: string; readonly words: number; readonly about: string }>> = {
  float32: { array: 'Float32Array', words: 1, about: 'float32' },
  float64: { array: 'Float64Array', words: 1, about: 'float64' },
  int32: { array: 'Int32Array', words: 1, about: 'int32' },
  uint8: { array: 'Uint8Array', words: 1, about: 'uint8' },
  bool: { array: 'Uint8Array', words: 1, about: 'bool, bytes 0 and 1' },
  key: { array: 'Uint32Array', words: 2, about: 'random key, two uint32 each' },
}

const viewOf = ({ name, dtype, shape }: Port): string => {
  const { array, words } = ARRAYS[dtype]
  return `new ${array}(memory.buffer, ${name}.value, ${sizeOf(shape) * words})`
}

const globalOf = ({ name, dtype, shape }: Port, role: string): string =>
  `  /** The address in bytes of this ${role}: ${ARRAYS[dtype].about} ${shapeText(shape)}, row by row. */
  readonly ${name}: WebAssembly.Global
`
