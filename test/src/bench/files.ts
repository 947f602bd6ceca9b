import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { randomKey } from '@cotangent/core'
import { encodeOnnx } from '@cotangent/io'
import { loadMnist, MnistUnreachableError, syntheticDigits } from '@cotangent/mnist'
import { type Net, simpleConvNet, twoLayerNet } from '@cotangent/models'
import { IMAGE_FILE, LABEL_FILE } from './job.ts'

/** Digits as bytes. */
interface Digits {
  readonly name: 'MNIST' | 'synthetic digits'
  readonly train: Part
  readonly test: Part
}

interface Part {
  readonly pixels: Uint8Array
  readonly labels: Uint8Array
}

/** MNIST where it can be had, else as many digits drawn here. */
export async function loadDigits(): Promise<Digits> {
  try {
    const { train, test } = await loadMnist({ normalize: false })
    return { name: 'MNIST', train: partOf(train), test: partOf(test) }
  } catch (error) {
    if (!(error instanceof MnistUnreachableError)) throw error
    const draw = (seed: number, count: number) => partOf(syntheticDigits({ seed, count, normalize: false }))
    return { name: 'synthetic digits', train: draw(0, 60_000), test: draw(1, 10_000) }
  }
}

const partOf = ({ images, labels }: ReturnType<typeof syntheticDigits<false>>): Part => ({
  pixels: Uint8Array.from(images.data),
  labels: Uint8Array.from(labels.data),
})

/** Writes what competitors read: the training images and labels, and the nets of W1 and W2 as ONNX models. */
export function writeBenchData(folder: string, { train }: Digits): void {
  writeFileSync(join(folder, IMAGE_FILE), train.pixels)
  writeFileSync(join(folder, LABEL_FILE), train.labels)
  const model = (name: string, net: Net) =>
    writeFileSync(join(folder, `${name}.onnx`), encodeOnnx(net, ...net.init(randomKey(0))))
  model('infer-w1', twoLayerNet())
  model('infer-w2', simpleConvNet())
}

/** Digits dark on white. */
export const inverted = (digits: Digits): Digits => {
  const invert = (part: Part): Part => ({ ...part, pixels: part.pixels.map((pixel) => 255 - pixel) })
  return { ...digits, train: invert(digits.train), test: invert(digits.test) }
}

/** Writes the four files of MNIST, packed as they are handed out. */
export function writeIdxFiles(folder: string, { train, test }: Digits): void {
  const write = (name: string, { pixels, labels }: Part) => {
    writeFileSync(join(folder, `${name}-images-idx3-ubyte.gz`), packed([labels.length, 28, 28], pixels))
    writeFileSync(join(folder, `${name}-labels-idx1-ubyte.gz`), packed([labels.length], labels))
  }
  write('train', train)
  write('t10k', test)
}

/** An IDX file of bytes: the type (8) and the number of axes, the lengths, the elements. */
function packed(shape: readonly number[], elements: Uint8Array): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  shape.forEach((length, axis) => {
    header.writeUInt32BE(length, 4 + 4 * axis)
  })
  return gzipSync(Buffer.concat([header, elements]))
}
