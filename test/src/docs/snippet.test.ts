import { tensor } from '@cotangent/core'
import { describe, expect, test } from 'vitest'
import { checkedSnippet, expectStated } from './snippet.ts'

describe('a snippet', () => {
  test.each([
    ['f(1) // 2', 'check(() => (f(1)), "2")'],
    ['f(\n  1,\n) // 2', 'check(() => (f(\n  1,\n)), "2")'],
    ['const [a, { b }] = f(1) // 2, 3', 'const [a, { b }] = f(1)\ncheck(() => [a, b], "[2, 3]")'],
    ['const a: Map<string, number> = f(1) // 2', 'const a: Map<string, number> = f(1)\ncheck(() => [a], "[2]")'],
    ['const net = f() // Net<[4], [2]>', 'const net = f()\n;net satisfies Net<[4], [2]>'],
    ['// Prose.\nf(1)\n\nfor (const a of b) {\n  f(a)\n}', ';(f(1))\nfor (const a of b) {\n  f(a)\n}'],
  ])('%j', (snippet, checked) => expect(checkedSnippet(snippet)).toBe(checked))
})

test('what is stated holds, or fails', () => {
  const tree = { w: tensor([[1], [10]]), shape: [2, 1], name: 'w' }
  const refuse = () => {
    throw new RangeError('no')
  }
  expectStated(() => tree, "{ w: [[ 1.] [10.]], shape: [2, 1], name: 'w' }")
  expectStated(refuse, 'throws RangeError')
  expect(() => expectStated(() => 1, '2')).toThrow()
  expect(() => expectStated(() => 1, 'throws RangeError')).toThrow()
  expect(() => expectStated(refuse, 'throws TypeError')).toThrow()
})
