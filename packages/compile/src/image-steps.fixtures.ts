/** Random functions of images: convolutions, pooling and whatever moves, folds or joins images between them. */
import { type AnyTensor, cast, grad, sizeOf, type Tensor, tensor } from '@cotangent/core'
import {
  add,
  argMax,
  avgPool2d,
  concat,
  conv2d,
  max,
  maxPool2d,
  mean,
  mul,
  pad,
  relu,
  reshape,
  sin,
  slice,
  square,
  sub,
  sum,
  transpose,
} from '@cotangent/ops'
import fc from 'fast-check'

/** Functions of images as plain data: operations one after the other, with a choice for each. */
export interface ImageSteps {
  readonly images: readonly [batch: number, channels: number, height: number, width: number]
  readonly operations: readonly { readonly operation: number; readonly choice: number; readonly kept: boolean }[]
}

type Images = Tensor<'float32' | 'float64'>

/** From images [N, C, H, W] to images; `undefined` where they do not fit. */
type Operation = (x: Images, choice: number, filters: (shape: readonly number[]) => Images) => AnyTensor | undefined

/** Those that have a derivative everywhere. */
const SMOOTH: readonly Operation[] = [
  (x, choice, filters) => {
    const [, c, h, w] = sizes(x)
    if (Math.min(h, w) + 2 * (choice % 4) < 3) return undefined
    return mul(conv2d(x, filters([[8, 12][choice % 2]!, c, 3, 3]), null, { pad: choice % 4 }), 0.2)
  },
  (x, choice, filters) => {
    const [, c, h, w] = sizes(x)
    const kernel = [1 + (choice % 2), 1 + ((choice >> 1) % 2)] as const
    if (h < kernel[0] || w < kernel[1]) return undefined
    return conv2d(x, filters([[3, 8, 12][choice % 3]!, c, ...kernel]), null, { stride: 1 + (choice % 2) })
  },
  (x, _, filters) => add(x, filters([sizes(x)[1], 1, 1])),
  (x) => mul(sin(x), 2),
  (x) => transpose(x, [0, 1, 3, 2]),
  (x) => transpose(x, [1, 0, 2, 3]),
  (x) => {
    const [n, c, h, w] = sizes(x)
    return h % 2 === 0 ? reshape(x, [n, 2 * c, h / 2, w]) : reshape(x, [n, c, w, h])
  },
  (x) => reshape(x, [sizes(x)[0], sizes(x)[1], sizes(x)[2] * sizes(x)[3], 1]),
  (x, choice) => concat([x, mul(x, 0.5)], { axis: choice % 4 }),
  (x, choice) => slice(x, { step: [1, 1, choice % 2 ? -1 : 1, choice % 3 ? -1 : 2] }),
  (x) => {
    const before = [1, 0] as const
    return pad(x, [[0, 0], [0, 0], before, [0, 2]])
  },
  (x) => sub(x, mean(x, { axis: [2, 3], keepDims: true })),
  (x) => sub(x, mean(x, { axis: [0, 2, 3], keepDims: true })),
  (x) => (Math.min(sizes(x)[2], sizes(x)[3]) < 2 ? undefined : avgPool2d(x, { kernel: 2 })),
]

/** Those that choose. */
const KINKED: readonly Operation[] = [
  (x) => relu(x),
  (x) => relu(x),
  (x) => (Math.min(sizes(x)[2], sizes(x)[3]) < 2 ? undefined : maxPool2d(x, { kernel: 2 })),
  (x) => (Math.min(sizes(x)[2], sizes(x)[3]) < 2 ? undefined : maxPool2d(x, { kernel: 2 })),
  (x, choice) => maxPool2d(x, { kernel: 3, stride: 1 + (choice % 3), pad: 1 }),
  (x) => sub(x, max(x, { axis: [1, 2], keepDims: true })),
  (x) => {
    const [greatest, place] = [max(x, { axis: [1, 2], keepDims: true }), argMax(x, { axis: [1, 2], keepDims: true })]
    return add(sub(x, greatest), mul(cast(place, x.dtype), 0.01))
  },
]

const ALL = [...KINKED, ...SMOOTH]

/** Images of whole vectors of channels or not, in batches that blocks and parts of eight divide or not. */
export const imageSteps: fc.Arbitrary<ImageSteps> = fc.record({
  images: fc.tuple(
    fc.constantFrom(1, 2, 7, 9),
    fc.constantFrom(3, 8, 12),
    fc.integer({ min: 1, max: 9 }),
    fc.integer({ min: 1, max: 9 }),
  ),
  operations: fc.array(fc.record({ operation: fc.nat(), choice: fc.nat(11), kept: fc.boolean() }), {
    minLength: 2,
    maxLength: 7,
  }),
})

/** The function of images: what it makes of them, some of what is on the way, and the gradients of it all by images and filters. */
export const functionOf =
  ({ images, operations }: ImageSteps, smooth = false) =>
  (x: Images): AnyTensor[] => {
    const available = smooth ? SMOOTH : ALL
    const made: Images[] = []
    const run = (given: Images, filters: (shape: readonly number[]) => Images): Images[] => {
      const kept: Images[] = []
      let current = given
      for (const { operation, choice, kept: keeps } of operations) {
        const next = available[operation % available.length]!(current, choice, filters)
        if (next === undefined || sizeOf(next.shape) > 20_000) continue
        current = next as Images
        if (keeps) kept.push(current)
      }
      return [current, ...kept]
    }
    const values = run(x, (shape) => {
      made.push(random(shape, x.dtype, made.length + images[3]))
      return made.at(-1)!
    })
    const loss = (given: Images, filters: readonly Images[]) => {
      let next = 0
      const [last, ...others] = run(given, () => filters[next++]!)
      return others.reduce((total, one) => add(total, sum(one)) as Tensor, sum(square(last!)) as Tensor)
    }
    const gradients = grad(loss, { argnums: [0, 1] })(x, made)
    return [...values, gradients[0] as AnyTensor, ...(gradients[1] as AnyTensor[])]
  }

const sizes = ({ shape }: AnyTensor) => shape as readonly [number, number, number, number]

/** Numbers from −1 to 1, the same in both dtypes, that differ for each `salt` and hardly ever repeat. */
export function random(shape: readonly number[], dtype: 'float32' | 'float64', salt: number): Images {
  const values = Array.from({ length: sizeOf(shape) }, (_, at) => {
    const mixed = Math.imul(at + 1, 2_654_435_761) + Math.imul(salt + 1, 1_640_531_527)
    return Math.fround((Math.imul(mixed ^ (mixed >>> 15), 2_246_822_519) >>> 0) / 2 ** 31 - 1)
  })
  return tensor(dtype === 'float32' ? Float32Array.from(values) : Float64Array.from(values), { shape, adopt: true })
}
