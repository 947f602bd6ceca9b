import { isRecording } from '@cotangent/core'
import { type CompileOptions, threadsOf } from './options.ts'
import { makeProgram, type Program } from './program.ts'
import { Session } from './session.ts'
import { argumentLeaves, signatureOf, trace } from './trace.ts'

/**
 * `f` as WebAssembly programs: traced on its first call for arguments of one structure (shapes, dtypes, and leaves that are no
 * tensors or numbers), compiled and run; later calls of that structure only run. What `f` closes over is captured at the trace:
 * a variable that is changed later is not seen.
 *
 * Within `grad` and its like, `record`, or another compiled function, `f` itself runs, so that nothing is hidden from them.
 *
 * @throws TraceError where `f` reads a value, or draws from a random key that it closes over.
 * @example
 * const loss = (w: Tensor, x: Tensor) => mean(square(matmul(x, w)))
 * const step = compile((w: Tensor, x: Tensor) => sub(w, mul(0.1, grad(loss)(w, x))))
 * step(ones([2]), ones([3, 2])) // [0.6 0.6]
 */
export function compile<A extends readonly unknown[], R>(
  f: (...args: A) => R,
  options: CompileOptions = {},
): (...args: A) => R {
  const session = new Session({ threads: threadsOf(options) })
  const programs = new Map<string, Program>()
  return (...args) => {
    // A derivative or another trace around must see the operations themselves.
    if (isRecording()) return f(...args)
    const signature = signatureOf(args)
    let program = programs.get(signature)
    if (program === undefined) {
      program = makeProgram(trace(f as (...args: never[]) => unknown, args), session)
      programs.set(signature, program)
    }
    for (const [index, leaf] of argumentLeaves(args).entries()) program.write(index, leaf)
    program.run()
    // The traced value has the structure that f returned.
    return program.read() as R
  }
}
