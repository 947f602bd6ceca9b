import wabt from 'wabt'
import type { WasmModule } from './module.ts'

const assembler = await wabt()
const features = { threads: true, simd: true, relaxed_simd: true, bulk_memory: true }

/** For tests: the bytes that wabt makes of a module's printed text, without names. Throws where wabt finds it invalid. */
export function assembled(module: WasmModule): Uint8Array {
  const parsed = assembler.parseWat('module.wat', module.toWat(), features)
  // It takes features too, which its type definition leaves out.
  const validator: { validate(features: object): void } = parsed
  try {
    validator.validate(features)
    return parsed.toBinary({ write_debug_names: false }).buffer
  } finally {
    parsed.destroy()
  }
}
