import { cast, type Tensor, tensor } from '@cotangent/core'
import { div } from '@cotangent/ops'
import { expect, test } from 'vitest'
import { compile } from './compile.ts'

const bytes = tensor(Uint8Array.from({ length: 256 }, (_, at) => at)) as Tensor<'uint8'>

const bitsOf = (x: Tensor) => Buffer.from(Float32Array.from(x.data as Float32Array).buffer)

test.each([255, 256, 1, 3, -7, 0.3, 127.5, 1e-30, 3e38, 1e-44, 0, Number.POSITIVE_INFINITY, Number.NaN])(
  'all bytes divided by %d are their quotients, bit for bit',
  (divisor) => {
    const f = (x: Tensor<'uint8'>) => div(cast(x, 'float32'), divisor)
    expect(bitsOf(compile(f, { threads: 1 })(bytes) as Tensor).equals(bitsOf(f(bytes) as Tensor))).toBe(true)
  },
)

test('by products where these give the same, else by a division', () => {
  const code = (divisor: number, x: Tensor<'uint8' | 'int32'>) =>
    compile((x: Tensor<'uint8' | 'int32'>) => div(cast(x, 'float32'), divisor), { threads: 1 }).explain({
      args: [x],
      wat: true,
    })
  expect(code(255, bytes)).not.toContain('f32x4.div')
  expect(code(1e-44, bytes)).toContain('f32x4.div')
  expect(code(255, cast(bytes, 'int32'))).toContain('f32x4.div')
})
