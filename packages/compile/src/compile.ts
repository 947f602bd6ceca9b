import { isRecording } from '@cotangent/core'
import { type Compiled, explained } from './explain/explained.ts'
import { type CompileOptions, sessionOptions } from './options.ts'
import { makeProgram } from './program.ts'
import { Session } from './session.ts'
import { argumentLeaves, trace } from './trace.ts'
import { Variants } from './variants.ts'

/**
 * `f` as WebAssembly programs: traced on its first call for arguments of one structure (shapes, dtypes, and leaves that are no
 * tensors or numbers), compiled and run; later calls of that structure only run. What `f` closes over is captured at the trace:
 * a variable that is changed later is not seen; `{ verify: true }` finds that out. Its side effects happen at the trace only. The 32
 * programs used last are kept. A number among the arguments adopts the dtype of the tensors beside it, as outside, and may change
 * from call to call.
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
): Compiled<A, R> {
  const session = new Session(sessionOptions(options))
  const variants = new Variants({
    trace: (args) => trace(f as (...args: never[]) => unknown, args),
    make: (traced) => makeProgram(traced, session, undefined, options),
    verify: options.verify ?? false,
  })
  const run = (...args: A): R => {
    // A derivative or another trace around must see the operations themselves.
    if (isRecording()) return f(...args)
    const program = variants.find(args)
    for (const [index, leaf] of argumentLeaves(args).entries()) program.write(index, leaf)
    program.run()
    // The traced value has the structure that f returned.
    return program.read() as R
  }
  return explained(run, (args) => (args === undefined ? variants.last : variants.find(args)))
}
