import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assembled } from './assembler.ts'
import * as control from './control.ts'
import { webAssembly } from './engine.ts'
import type { Local } from './entities.ts'
import { f32x4, i32, i32x4, v128 } from './instructions.ts'
import { WasmModule } from './module.ts'
import type { Body, Label, Node } from './node.ts'

const { block, br, brIf, brTable, doWhile, drop, earlyReturn, forRange, ifElse, ifValue, loop, select, sequence } =
  control

interface Scope {
  /** The next choice below so many; 0 when all are used up, which ends every nest. */
  readonly choose: (count: number) => number
  readonly locals: readonly Local<'i32'>[]
  readonly vector: Local<'v128'>
  readonly labels: readonly Label[]
}

function value(scope: Scope): Node<'i32'> {
  const { choose, locals, vector } = scope
  const local = locals[choose(locals.length)]!
  switch (choose(9)) {
    case 1:
      return i32.const(choose(2 ** 32))
    case 2:
      return i32.mul(value(scope), value(scope))
    case 3:
      return local.tee(value(scope))
    case 4:
      return select(value(scope), value(scope), value(scope))
    case 5:
      return ifValue(value(scope), value(scope), sequence(statement(scope), value(scope)))
    case 6:
      return i32.load16_s(value(scope), { offset: choose(100_000), align: 1 + choose(2) })
    case 7:
      return i32x4.bitmask(f32x4.min(vector, f32x4.splat((choose(2001) - 1000) / 7)))
    case 8:
      return i32.lt_u(value(scope), choose(1000))
    default:
      return local.get
  }
}

function statement(scope: Scope): Body {
  const { choose, locals, vector, labels } = scope
  const within = (label: Label) => statement({ ...scope, labels: [...labels, label] })
  const local = locals[choose(locals.length)]!
  const label = labels[choose(labels.length)]
  switch (choose(13)) {
    case 1:
      return local.set(value(scope))
    case 2:
      return [statement(scope), statement(scope), statement(scope)]
    case 3:
      return ifElse(value(scope), statement(scope))
    case 4:
      return ifElse(value(scope), statement(scope), statement(scope))
    case 5:
      return block(within)
    case 6:
      return loop(within)
    case 7:
      return label === undefined ? [] : brIf(label, value(scope))
    case 8:
      return label === undefined ? [] : ifElse(value(scope), br(label))
    case 9:
      return label === undefined ? [] : ifElse(value(scope), brTable(value(scope), labels, label))
    case 10:
      return v128.store(value(scope), vector, { offset: choose(5000), align: 2 ** choose(5) })
    case 11:
      return forRange(local, 0, value(scope), 1 + choose(9), statement(scope))
    case 12:
      return [
        ifElse(value(scope), earlyReturn(value(scope))),
        doWhile(statement(scope), value(scope)),
        drop(value(scope)),
      ]
    default:
      return []
  }
}

test('random programs are encoded as wabt encodes their text, and the engine accepts them', () => {
  let longest = 0
  fc.assert(
    fc.property(fc.array(fc.nat(), { minLength: 50, maxLength: 800, size: 'max' }), (choices) => {
      let next = 0
      const choose = (count: number) => (choices[next++] ?? 0) % Math.max(count, 1)
      const module = new WasmModule('random')
      module.memory({ initial: 1 })
      module.func('f', { params: { a: 'i32', b: 'i32' }, result: 'i32', export: true }, ({ a, b }, f) => {
        const scope = {
          choose,
          locals: [a, f.local('i32', 'a'), b, ...f.locals('i32', 'c', 3)],
          vector: f.local('v128', 'v'),
          labels: [],
        }
        return sequence(
          Array.from({ length: 20 }, () => statement(scope)),
          value(scope),
        )
      })
      const bytes = module.encode({ names: false })
      longest = Math.max(longest, bytes.length)
      expect(bytes).toEqual(assembled(module))
      expect(webAssembly.validate(module.encode())).toBe(true)
    }),
    { seed: 7, numRuns: 100 },
  )
  // The programs are not trivial.
  expect(longest).toBeGreaterThan(1000)
})
