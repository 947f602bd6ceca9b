import { ValueError } from '@cotangent/core'
import type { Program } from '../program.ts'
import type { PlanDescription } from './description.ts'
import { planText } from './text.ts'

export interface ExplainOptions<A extends readonly unknown[]> {
  /** Of which call: the program for arguments like these, made if need be, but not run. Default: the program that ran last. */
  readonly args?: A
  /** Adds the program's code in WebAssembly's text format. Default: false. */
  readonly wat?: boolean
}

/** A function that runs as WebAssembly programs, and says what they do. */
export interface Compiled<A extends readonly unknown[], R> {
  (...args: A): R
  /**
   * A program as text: what it takes in operations and bytes, then its tasks in order, each with the operations fused into it,
   * what it stores, and the carried state that it writes over.
   *
   * @throws ValueError before the first call, if no `args` are given.
   * @example
   * const scale = compile((x: Tensor) => mul(relu(x), 2))
   * console.log(scale.explain({ args: [ones([100, 50])] }))
   */
  explain(options?: ExplainOptions<A>): string
  /**
   * The same as plain data, for drawings and tests.
   *
   * @throws ValueError before the first call, if no `args` are given.
   * @example
   * const scale = compile((x: Tensor) => mul(relu(x), 2))
   * const { tasks, nodes } = scale.plan({ args: [ones([100, 50])] })
   * tasks.map((task) => task.nodes.map((node) => nodes[node]!.name)) // [['lessEqual', 'where', 'mul']]
   */
  plan(options?: Pick<ExplainOptions<A>, 'args'>): PlanDescription
}

/** `run`, with explanations of the programs that `programFor` gives: that for arguments, or else the one that ran last. */
export function explained<A extends readonly unknown[], R>(
  run: (...args: A) => R,
  programFor: (args: A | undefined) => Program | undefined,
): Compiled<A, R> {
  const find = (args: A | undefined): Program => {
    const program = programFor(args)
    if (program !== undefined) return program
    throw new ValueError('explain: no program has run yet; make a call first, or give { args: […] } as for a call')
  }
  return Object.assign(run, {
    explain: ({ args, wat = false }: ExplainOptions<A> = {}) => {
      const program = find(args)
      return planText(program.describe(), wat ? program.toWat() : undefined)
    },
    plan: ({ args }: Pick<ExplainOptions<A>, 'args'> = {}) => find(args).describe(),
  })
}
