import { vectorsOf } from '../panels.ts'
import { type Product, panelsInCopy, sizesOf } from '../product.ts'
import { call, forRange, sequence, whileLoop } from '../wasm/control.ts'
import type { Func, Local } from '../wasm/entities.ts'
import { f32x4, i32, i32x4, v128 } from '../wasm/instructions.ts'
import type { FunctionBuilder, WasmModule } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { once } from './once.ts'
import { type ContractContext, rightOf } from './operands.ts'

/**
 * Sets `finite` to whether all of the right operand, the same at all turns, is finite: only then can zeros of the left one be left out,
 * as zero times all else is not zero.
 */
export function testRight(
  product: Product,
  context: ContractContext,
  f: FunctionBuilder,
  finite: Local<'i32'>,
): Node<'none'>[] {
  const { k, between } = sizesOf(product)
  const panel = f.local('i32', 'panel')
  const tests = panelsInCopy(product, context.kernels).flatMap((panels) => {
    const right = rightOf(product, context, [], panels)
    const test = finiteTest(context.module, panels.width, right.step)
    return Array.from({ length: between }, (_, turn) => {
      const first = i32.add(right.base, right.offset + turn * right.between)
      const b = i32.add(first, i32.mul(panel, right.panel))
      const one = call(test, { b, end: i32.add(b, k * right.step) })
      return forRange(panel, 0, panels.count, 1, [finite.set(i32.and(finite, one))])
    })
  })
  return [finite.set(1), ...tests]
}

const FINITE_PARAMS = { b: 'i32', end: 'i32' } as const

/** Whether so many columns of the right operand are finite, from `b` up to `end`: 1 or 0. */
function finiteTest(module: WasmModule, columns: number, step: number): Func<typeof FINITE_PARAMS, 'i32'> {
  return once(module, `finite ${columns} ${step}`, () =>
    module.func(`finite.${columns}`, { params: FINITE_PARAMS, result: 'i32' }, ({ b, end }, f) => {
      const sums = Array.from({ length: vectorsOf(columns, 'float32') }, () => f.local('v128', 'sum'))
      const zero = i32x4.const(0, 0, 0, 0)
      const all = whileLoop(i32.lt_u(b, end), [
        ...sums.map((sum, vector) => {
          const loaded = v128.load(b, { offset: 16 * vector, align: 4 })
          const inside = [0, 1, 2, 3].map((lane) => (4 * vector + lane < columns ? -1 : 0))
          const x = inside.every((lane) => lane !== 0) ? loaded : v128.and(loaded, i32x4.const(...inside))
          // Zero times what is not finite is NaN, which stays.
          return sum.set(f32x4.add(sum, f32x4.mul(x, zero)))
        }),
        b.set(i32.add(b, step)),
      ])
      const tests = sums.map((sum) => i32x4.all_true(f32x4.eq(sum, sum)))
      return sequence(
        [all],
        tests.reduce((one, other) => i32.and(one, other)),
      )
    }),
  )
}
