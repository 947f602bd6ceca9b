import { randomKey, type Tensor, tensor } from '@cotangent/core'
import { loadMnist, syntheticDigits } from '@cotangent/mnist'
import { twoLayerNet } from '@cotangent/models'
import { argMax, slice } from '@cotangent/ops'
import { adam, fit } from '@cotangent/train'
import { encode, type ImageData } from 'fast-png'
import { beforeAll, describe, expect, test } from 'vitest'
import { scaled } from './data.ts'
import { mnistPicture, SIDE } from './mnist-picture.ts'
import { type Grey, greyOfPng, PictureError } from './png.ts'

const TRAINED = 2000
const SHOWN = 100

/** A digit, white on black, drawn within a larger picture: `zoom` times as large, so many pixels from the left and from the top. */
interface Drawing {
  readonly width: number
  readonly height: number
  readonly zoom: number
  readonly left: number
  readonly top: number
}

function drawn(digit: Uint8Array, { width, height, zoom, left, top }: Drawing): Float32Array {
  return Float32Array.from({ length: width * height }, (_, at) => {
    const x = Math.floor(((at % width) - left) / zoom)
    const y = Math.floor((Math.floor(at / width) - top) / zoom)
    return x >= 0 && x < SIDE && y >= 0 && y < SIDE ? digit[y * SIDE + x]! / 255 : 0
  })
}

const AS_IT_IS: Drawing = { width: SIDE, height: SIDE, zoom: 1, left: 0, top: 0 }
const LARGE: Drawing = { width: 200, height: 120, zoom: 3.5, left: 95, top: 15 }
const [RED, BLUE] = [
  [250, 60, 40],
  [20, 30, 120],
] as const
const bytesOf = (values: Float32Array, shade: (value: number) => number) =>
  Uint8Array.from(values, (value) => Math.round(255 * shade(value)))
const grey =
  (drawing: Drawing, shade: (value: number) => number) =>
  (digit: Uint8Array): ImageData => ({
    width: drawing.width,
    height: drawing.height,
    data: bytesOf(drawn(digit, drawing), shade),
    channels: 1,
    depth: 8,
  })

/** What is done to a digit before the net sees it again, and the share of digits that it must still read alike. */
const PICTURES: Readonly<Record<string, readonly [least: number, picture: (digit: Uint8Array) => ImageData]>> = {
  'as it is': [1, grey(AS_IT_IS, (value) => value)],
  'dark on light': [1, grey(AS_IT_IS, (value) => 1 - value)],
  'faint on grey': [0.97, grey(AS_IT_IS, (value) => 0.6 - 0.3 * value)],
  'large, off the centre, wide margins': [0.95, grey(LARGE, (value) => 1 - value)],
  'in a tall picture': [0.95, grey({ width: 90, height: 260, zoom: 3, left: 2, top: 150 }, (value) => value)],
  'cut close': [0.95, grey({ width: 66, height: 66, zoom: 3, left: -9, top: -9 }, (value) => 1 - value)],
  'half its size': [0.85, grey({ width: 40, height: 40, zoom: 0.5, left: 3, top: 8 }, (value) => value)],
  'red on blue': [
    0.95,
    (digit) => {
      const values = drawn(digit, LARGE)
      const data = Uint8Array.from({ length: 3 * values.length }, (_, at) => {
        const ink = values[Math.floor(at / 3)]!
        return Math.round(BLUE[at % 3]! * (1 - ink) + RED[at % 3]! * ink)
      })
      return { width: LARGE.width, height: LARGE.height, data, channels: 3, depth: 8 }
    },
  ],
  'of one bit': [
    0.85,
    (digit) => {
      const values = drawn(digit, LARGE)
      const data = Uint8Array.from({ length: values.length / 8 }, (_, at) =>
        values.subarray(8 * at, 8 * at + 8).reduce((byte, value) => 2 * byte + Math.round(value), 0),
      )
      return { width: LARGE.width, height: LARGE.height, data, channels: 1, depth: 1 }
    },
  ],
  'black on nothing': [
    0.95,
    (digit) => {
      const values = drawn(digit, LARGE)
      const data = Uint8Array.from({ length: 2 * values.length }, (_, at) =>
        at % 2 === 0 ? 0 : Math.round(255 * values[(at - 1) / 2]!),
      )
      return { width: LARGE.width, height: LARGE.height, data, channels: 2, depth: 8 }
    },
  ],
  'on uneven, noisy paper': [
    0.9,
    (digit) => {
      const data = bytesOf(drawn(digit, LARGE), (value) => 1 - value).map((shade, at) => {
        const [x, noise] = [at % LARGE.width, (at * 7919) % 13]
        return 40 + shade * (0.5 + (0.15 * x) / LARGE.width) + noise
      })
      return { width: LARGE.width, height: LARGE.height, data, channels: 1, depth: 8 }
    },
  ],
}

let digits: readonly Uint8Array[]
let read: (pictures: readonly Uint8Array[]) => Uint8Array | Int32Array

beforeAll(async () => {
  const { train, test } = await pictures()
  const net = twoLayerNet()
  const [params, netState] = net.init(randomKey(0))
  const { state } = await fit({
    loss: (p: typeof params, s: typeof netState, { images, labels }: typeof train) =>
      net.loss(p, s, scaled(images), labels),
    optimizer: adam({ learningRate: 0.002 }),
    params,
    netState,
    data: train,
    batchSize: 100,
    iterations: 500,
    seed: 0,
  })
  digits = Array.from({ length: SHOWN }, (_, at) =>
    Uint8Array.from(slice(test.images, { begin: [at], end: [at + 1] }).data),
  )
  read = (all) => {
    const x = tensor(Uint8Array.from(all.flatMap((one) => [...one])), { shape: [all.length, SIDE * SIDE] })
    return Int32Array.from(argMax(net.predict(state.params, state.netState, scaled(x)), { axis: 1 }).data)
  }
}, 60_000)

interface Split {
  readonly images: Tensor<'uint8'>
  readonly labels: Tensor<'int32'>
}

/** Synthetic digits as those of MNIST are: they stand wherever they were drawn. */
function centred({ images, labels }: Split): Split {
  const pixels = new Uint8Array(images.size)
  for (let at = 0; at < images.size; at += SIDE * SIDE) {
    const data = Float32Array.from(images.data.slice(at, at + SIDE * SIDE), (byte) => byte / 255)
    pixels.set(mnistPicture({ width: SIDE, height: SIDE, data }, 'a digit'), at)
  }
  return { images: tensor(pixels, { shape: images.shape }), labels }
}

async function pictures(): Promise<{ readonly train: Split; readonly test: Split }> {
  if (!process.env.MNIST_DIR) {
    return {
      train: centred(syntheticDigits({ seed: 1, count: TRAINED, normalize: false })),
      test: centred(syntheticDigits({ seed: 2, count: SHOWN, normalize: false })),
    }
  }
  const { train, test } = await loadMnist({ dir: process.env.MNIST_DIR, normalize: false })
  const first = (x: Tensor<'uint8'>) => slice(x, { begin: [0], end: [TRAINED] })
  return { train: { images: first(train.images), labels: slice(train.labels, { begin: [0], end: [TRAINED] }) }, test }
}

describe('a digit is read alike', () => {
  test.each(Object.entries(PICTURES))('%s', (name, [least, picture]) => {
    const before = read(digits)
    expect(new Set(before).size).toBe(10)
    const after = read(digits.map((digit) => mnistPicture(greyOfPng(encode(picture(digit)), name), name)))
    expect(after.filter((digit, at) => digit === before[at]).length / SHOWN).toBeGreaterThanOrEqual(least)
  })
})

test('a digit that stands as those of MNIST do stays as it is, pixel by pixel', () => {
  const same = digits.filter((digit) => {
    const again = mnistPicture(greyOfPng(encode(grey(AS_IT_IS, (value) => value)(digit)), 'a'), 'a')
    return again.every((pixel, at) => Math.abs(pixel - digit[at]!) <= 1)
  })
  // But for those that were centred by other roundings.
  expect(same.length / SHOWN).toBeGreaterThanOrEqual(0.95)
})

test('a bar is scaled to twenty pixels, with its mass in the middle', () => {
  const data = new Float32Array(300 * 200).map((_, at) => (at % 300 >= 20 && at % 300 < 30 && at < 300 * 100 ? 1 : 0))
  const pixels = mnistPicture({ width: 300, height: 200, data }, 'a')
  const rows = [...pixels.keys()].filter((at) => pixels[at]! > 0).map((at) => [Math.floor(at / SIDE), at % SIDE])
  const [ys, xs] = [rows.map(([y]) => y!), rows.map(([, x]) => x!)]
  expect([Math.min(...ys), Math.max(...ys), Math.min(...xs), Math.max(...xs)]).toEqual([5, 24, 14, 15])
  expect(new Set(pixels)).toEqual(new Set([0, 255]))
})

test.each([
  ['white', 1, 1],
  ['black', 40, 30],
])('a picture that is all %s is refused', (_, width, height) => {
  const blank: Grey = { width, height, data: new Float32Array(width * height) }
  expect(() => mnistPicture(blank, 'blank.png')).toThrow(
    new PictureError(
      'there is nothing to be seen on blank.png; give a picture of one digit, dark on light or light on dark',
    ),
  )
})
