/**
 * The process that measures what a thread can do at most: multiply-adds of 128-bit vectors in registers. Each line of standard
 * input, a number of seconds, is answered by the billions of floating-point operations a second, of separate multiplications and
 * additions, and of relaxed multiply-adds where the engine has them.
 */
import { createInterface } from 'node:readline'
import wabt from 'wabt'
import { answer } from './turns.ts'

/** Independent sums, enough to hide what one multiplication and one addition take, few enough for the registers. */
const SUMS = 13

const TURNS = 20_000

const kernels = { separate: await kernelOf(false), relaxed: await kernelOf(true) }

// Optimised code, before anything counts.
rates(0.3)
for await (const line of createInterface({ input: process.stdin })) answer(rates(Number(line)))
process.exit()

/** Billions of operations a second; 0 for what the engine does not have. */
export interface Rates {
  readonly separate: number
  readonly relaxed: number
}

function rates(seconds: number): Rates {
  const rateOf = (kernel: Kernel | undefined) => {
    if (kernel === undefined) return 0
    const begin = performance.now()
    let [calls, now] = [0, begin]
    for (; now < begin + 500 * seconds; now = performance.now(), calls++) kernel(TURNS)
    return (calls * TURNS * SUMS * 8) / ((now - begin) * 1e6)
  }
  return { separate: rateOf(kernels.separate), relaxed: rateOf(kernels.relaxed) }
}

type Kernel = (turns: number) => number

/** Takes each sum to `sum * factor + term`, so many times; `undefined` where the engine does not know the instructions. */
async function kernelOf(relaxed: boolean): Promise<Kernel | undefined> {
  const names = Array.from({ length: SUMS }, (_, at) => `$sum${at}`)
  const next = (sum: string) =>
    relaxed
      ? `(f32x4.relaxed_madd (local.get ${sum}) (local.get $factor) (local.get $term))`
      : `(f32x4.add (f32x4.mul (local.get ${sum}) (local.get $factor)) (local.get $term))`
  // All sums are used in the end, so that none is left out.
  const total = names.reduce((sum, name) => `(f32x4.add ${sum} (local.get ${name}))`, '(local.get $term)')
  const text = `(module
    (func (export "peak") (param $turns i32) (result f32)
      (local $factor v128) (local $term v128) ${names.map((name) => `(local ${name} v128)`).join(' ')}
      (local.set $factor (f32x4.splat (f32.const 0.999)))
      (local.set $term (f32x4.splat (f32.const 0.001)))
      (loop $again
        ${names.map((name) => `(local.set ${name} ${next(name)})`).join('\n')}
        (br_if $again (local.tee $turns (i32.sub (local.get $turns) (i32.const 1)))))
      (f32x4.extract_lane 0 ${total})))`
  const { parseWat } = await wabt()
  const { buffer } = parseWat('peak.wat', text, { simd: true, relaxed_simd: true }).toBinary({})
  // Node's type definitions have no WebAssembly.
  const { WebAssembly } = globalThis as unknown as { readonly WebAssembly: Engine }
  if (!WebAssembly.validate(buffer)) return undefined
  return new WebAssembly.Instance(new WebAssembly.Module(buffer)).exports.peak
}

interface Engine {
  validate(bytes: Uint8Array): boolean
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: { readonly peak: Kernel } }
}
