/** What a rule must hold to, whatever the function: results stay as they are, compiled with it, without it, and as a graph. */
import type { AnyTensor } from '@cotangent/core'
import { treeLeaves } from '@cotangent/core'
import { expect } from 'vitest'
import { compile } from '../compile.ts'
import { plain } from '../exact.fixtures.ts'
import { afterRules, evaluateGraph, type TensorFunction, tracedGraph, without } from './graphs.fixtures.ts'
import type { Rule } from './rewriting.ts'

/** Holds all three to the reference backend, exactly: for functions of small integers, or that only choose among numbers. */
export function holdsTo(rules: readonly Rule[], f: TensorFunction, ...args: readonly AnyTensor[]): void {
  const expected = plain(f(...args))
  const leaves = treeLeaves(f(...args) as AnyTensor)
  const graph = tracedGraph(f, args)
  expect(plain(evaluateGraph(graph, args)), 'the graph').toEqual(plain(leaves))
  expect(plain(evaluateGraph(afterRules(graph, rules), args)), 'the graph after the rules').toEqual(plain(leaves))
  expect(plain(compile(f, { threads: 1 })(...args)), 'compiled').toEqual(expected)
  const compiled = without(rules, () => compile(f, { threads: 1 })(...args))
  expect(plain(compiled), 'compiled without the rules').toEqual(expected)
}
