import { type AnyTensor, isRecording, Tensor, TraceError, treeMapAll, ValueError } from '@cotangent/core'
import { type CompileOptions, threadsOf } from './options.ts'
import { makeProgram, type Program } from './program.ts'
import { Session } from './session.ts'
import { argumentLeaves, Result, signatureOf, signatureOfLeaf, type Traced, trace } from './trace.ts'
import { tensorBytes } from './value.ts'

/** State that stays in memory, and the programs that run on it. */
export interface CarriedState<S> {
  /** A copy of the state as it is now: later runs do not change it. */
  snapshot(): S
  /** Puts another state of the same structure in its place. */
  restore(state: S): void
  /**
   * A step that replaces the state: called without it, it gives what `step` returns beside the new state.
   *
   * @throws ValueError on a call, if the new state has another structure than the old one.
   */
  step<A extends readonly unknown[], M>(step: (state: S, ...args: A) => readonly [S, M]): (...args: A) => M
  /** A function of the state that leaves it as it is. */
  reader<A extends readonly unknown[], R>(f: (state: S, ...args: A) => R): (...args: A) => R
}

/**
 * Keeps `state`, a tree of tensors, in a program's memory: steps update it there, without copying it in or out.
 *
 * @example
 * const training = carry({ w: zeros([2]) })
 * const step = training.step(({ w }, x: Tensor<'float32'>) => [{ w: sub(w, mul(0.1, x)) }, mean(w)])
 * step(ones([2])).item() // 0
 * training.snapshot().w // [-0.1 -0.1]
 */
export function carry<S>(state: S, options: CompileOptions = {}): CarriedState<S> {
  const session = new Session({ threads: threadsOf(options) })
  if (argumentLeaves([state]).some((leaf) => typeof leaf === 'number')) {
    throw new ValueError(
      'carry: the state holds a number, which no step could replace; make it a tensor, as tensor(0.1)',
    )
  }
  const leaves = tensorsOf(state)
  const addresses = leaves.map(({ shape, dtype }) => session.allocate(tensorBytes(shape, dtype) + 64))
  const structure = signatureOf([state])
  const restore = (given: S): void => {
    if (signatureOf([given]) !== structure) {
      throw new ValueError(
        'carry: the state has another structure, shape or dtype than the one carried; start anew with carry(state)',
      )
    }
    for (const [index, leaf] of tensorsOf(given).entries()) session.write(leaf, addresses[index]!)
  }
  const carriedAt = new Map(addresses.map((address, place) => [place, address]))
  const programs = <A extends readonly unknown[], R>(
    f: (state: S, ...args: A) => unknown,
    replaces: boolean,
    pick: (value: unknown) => unknown,
  ) => {
    const known = new Map<string, Program>()
    return (...args: A): R => {
      if (isRecording()) {
        throw new TraceError(
          'carry: a step on carried state cannot be differentiated, recorded or compiled; do that with the function the step was made from',
        )
      }
      const signature = signatureOf(args)
      let program = known.get(signature)
      if (program === undefined) {
        const traced = trace(f as (...args: never[]) => unknown, [state, ...args])
        const carries = replaces ? replacements(traced, structure, leaves.length) : []
        program = makeProgram({ ...traced, value: pick(traced.value) }, session, { addresses: carriedAt, carries })
        known.set(signature, program)
      }
      for (const [index, leaf] of argumentLeaves(args).entries()) program.write(leaves.length + index, leaf)
      program.run()
      // The traced value has the structure that f returned.
      return program.read() as R
    }
  }
  restore(state)
  return {
    snapshot: () => {
      let index = 0
      const copy = treeMapAll((leaf) => {
        if (!(leaf instanceof Tensor)) return leaf
        return session.read(addresses[index++]!, leaf.shape, leaf.dtype)
      }, state)
      return copy as S
    },
    restore,
    step: <A extends readonly unknown[], M>(step: (state: S, ...args: A) => readonly [S, M]) =>
      programs<A, M>(step, true, (value) => (value as readonly [unknown, unknown])[1]),
    reader: <A extends readonly unknown[], R>(f: (state: S, ...args: A) => R) =>
      programs<A, R>(f, false, (value) => value),
  }
}

const tensorsOf = (state: unknown): AnyTensor[] => argumentLeaves([state]).filter((leaf) => leaf instanceof Tensor)

/** Which results of a traced step are its new state, leaf by leaf. */
function replacements({ graph, value }: Traced, structure: string, count: number) {
  const next = Array.isArray(value) ? value[0] : undefined
  const results: Result[] = []
  const described = treeMapAll((leaf) => {
    if (!(leaf instanceof Result)) return signatureOfLeaf(leaf)
    results.push(leaf)
    const { shape, dtype } = graph.nodes[graph.results[leaf.index]!]!
    return `tensor ${dtype} ${shape.join(',')}`
  }, next)
  if (JSON.stringify([described]) !== structure || results.length !== count) {
    throw new ValueError(
      'carry: the step must return [state, metrics] with a state of the same structure, shapes and dtypes as the one it was given',
    )
  }
  return results.map(({ index }, argument) => ({ result: index, argument }))
}
