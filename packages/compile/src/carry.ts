import { type AnyTensor, isRecording, Tensor, TraceError, treeMapAll, ValueError } from '@cotangent/core'
import { explained } from './explain/explained.ts'
import { type CarriedFunction, type Stacked, stepsOf } from './many.ts'
import { type CompileOptions, sessionOptions } from './options.ts'
import { makeProgram, type Program } from './program.ts'
import { Session } from './session.ts'
import { argumentLeaves, Result, signatureOf, signatureOfLeaf, type Traced, trace } from './trace.ts'
import { tensorBytes } from './value.ts'
import { Variants } from './variants.ts'

/** A tree like `S` whose tensors may be typed more loosely: that they have the dtypes of `S` is checked when a step is traced. */
type Like<S> = S extends AnyTensor ? AnyTensor : S extends object ? { readonly [K in keyof S]: Like<S[K]> } : S

/** State that stays in memory, and the programs that run on it. */
export interface CarriedState<S> {
  /** A copy of the state as it is now: later runs do not change it. */
  snapshot(): S
  /** Puts another state of the same structure in its place. */
  restore(state: S): void
  /** Remembers the state as it is now, in memory, for {@link rewind}. */
  mark(): void
  /**
   * Goes back to the state of the last {@link mark}.
   *
   * @throws ValueError where there was none.
   */
  rewind(): void
  /**
   * A step that replaces the state: called without it, it gives what `step` returns beside the new state.
   *
   * @throws ValueError on a call, if the new state has another structure than the old one.
   */
  step<A extends readonly unknown[], M>(
    step: (state: S, ...args: A) => readonly [S | Like<S>, M],
  ): CarriedFunction<A, M>
  /** A function of the state that leaves it as it is. */
  reader<A extends readonly unknown[], R>(f: (state: S, ...args: A) => R): CarriedFunction<A, R>
}

/**
 * Keeps `state`, a tree of tensors, in a program's memory: steps update it there, without copying it in or out.
 *
 * @example
 * const training = carry({ w: zeros([2]) })
 * const step = training.step(({ w }, x: Tensor) => [{ w: sub(w, mul(0.1, x)) }, mean(w)])
 * step(ones([2])).item() // 0
 * training.snapshot().w // [-0.1 -0.1]
 */
export function carry<S>(state: S, options: CompileOptions = {}): CarriedState<S> {
  const session = new Session(sessionOptions(options))
  if (argumentLeaves([state]).some((leaf) => typeof leaf === 'number')) {
    throw new ValueError(
      'carry: the state holds a number, which no step could replace; make it a tensor, as tensor(0.1)',
    )
  }
  const leaves = tensorsOf(state)
  const bytes = leaves.map(({ shape, dtype }) => tensorBytes(shape, dtype))
  const addresses = bytes.map((size) => session.allocate(size + 64))
  const structure = signatureOf([state])
  const restore = (given: S): void => {
    if (signatureOf([given]) !== structure) {
      throw new ValueError(
        'carry: the state has another structure, shape or dtype than the one carried; start anew with carry(state)',
      )
    }
    for (const [index, leaf] of tensorsOf(given).entries()) session.write(leaf, addresses[index]!)
  }
  let marked: readonly number[] | undefined
  const carriedAt = new Map(addresses.map((address, place) => [place, address]))
  const programs = <A extends readonly unknown[], R>(
    f: (state: S, ...args: A) => unknown,
    replaces: boolean,
    pick: (value: unknown) => unknown,
  ) => {
    const variants = new Variants({
      trace: (args) => trace(f as (...args: never[]) => unknown, [state, ...args]),
      make: (traced) => {
        const carries = replaces ? replacements(traced, structure, leaves.length) : []
        const value = pick(traced.value)
        return makeProgram({ ...traced, value }, session, { addresses: carriedAt, carries }, options)
      },
      verify: options.verify ?? false,
    })
    const programToRun = (args: readonly unknown[]): Program => {
      if (isRecording()) {
        throw new TraceError(
          'carry: a step on carried state cannot be differentiated, recorded or compiled; do that with the function the step was made from',
        )
      }
      return variants.find(args)
    }
    const run = (...args: A): R => {
      const program = programToRun(args)
      for (const [index, leaf] of argumentLeaves(args).entries()) program.write(leaves.length + index, leaf)
      program.run()
      // The traced value has the structure that f returned.
      return program.read() as R
    }
    const many = (...args: Stacked<A>): R => {
      const { count, one } = stepsOf(args)
      const program = programToRun(one)
      const tensors = new Map<number, AnyTensor>()
      for (const [index, leaf] of argumentLeaves(args).entries()) {
        if (typeof leaf === 'number') program.write(leaves.length + index, leaf)
        else tensors.set(leaves.length + index, leaf)
      }
      // As in run.
      return program.many(tensors, count) as R
    }
    return Object.assign(
      explained(run, (args) => (args === undefined ? variants.last : variants.find(args))),
      { many },
    )
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
    mark: () => {
      marked ??= bytes.map((size) => session.allocate(size))
      for (const [index, address] of marked.entries()) session.copy(addresses[index]!, address, bytes[index]!)
    },
    rewind: () => {
      if (marked === undefined) throw new ValueError('carry: there is no state to rewind to; call mark() before')
      for (const [index, address] of marked.entries()) session.copy(address, addresses[index]!, bytes[index]!)
    },
    step: <A extends readonly unknown[], M>(step: (state: S, ...args: A) => readonly [S | Like<S>, M]) =>
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
