/** Operations for the tests of this package, which itself has only those that the engine needs. */
import { map } from './kernel/kernel.ts'
import { binary, mul } from './operations.ts'
import { definePrimitive, type Operation } from './primitive.ts'

export const div = binary({
  name: 'div',
  operands: 'float',
  kernel: map((a, b) => a.div(b)),
  vjp: [(g, [, b]) => div(g, b), (g, [a, b]) => mul(-1, div(mul(g, a), mul(b, b)))],
})

export const exp: Operation = definePrimitive({
  name: 'exp',
  kernel: map((x) => x.exp()),
  vjp: [(g, _, y) => mul(g, y)],
})

export const log = definePrimitive({
  name: 'log',
  kernel: map((x) => x.log()),
  vjp: [(g, [x]) => div(g, x)],
})

export const sqrt = definePrimitive({
  name: 'sqrt',
  kernel: map((x) => x.sqrt()),
  vjp: [(g, _, y) => div(g, mul(2, y))],
})

export const sin: Operation = definePrimitive({
  name: 'sin',
  kernel: map((x) => x.sin()),
  vjp: [(g, [x]) => mul(g, cos(x))],
})

export const cos: Operation = definePrimitive({
  name: 'cos',
  kernel: map((x) => x.cos()),
  vjp: [(g, [x]) => mul(mul(-1, g), sin(x))],
})

const sign = definePrimitive({ name: 'sign', kernel: map((x) => x.sign()), vjp: [null] })

export const abs = definePrimitive({
  name: 'abs',
  kernel: map((x) => x.abs()),
  vjp: [(g, [x]) => mul(g, sign(x))],
})

/** 1 where a > b, one half where they are equal, else 0. */
const share = definePrimitive({
  name: 'share',
  kernel: map((a, b) => a.sub(b).sign().add(1).mul(0.5)),
  vjp: [null, null],
})

/** The larger of two; ties share the gradient. */
export const maximum = definePrimitive({
  name: 'maximum',
  kernel: map((a, b) => a.maximum(b)),
  vjp: [(g, [a, b]) => mul(g, share(a, b)), (g, [a, b]) => mul(g, share(b, a))],
})
