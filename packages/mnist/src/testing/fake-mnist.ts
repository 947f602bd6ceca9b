import { createHash } from 'node:crypto'
import { MNIST_FILES, type MnistFile, type PerFile, perFile } from '../files.ts'

/** The bytes of an IDX file: big-endian header, then `payload` as it is. */
export function idxBytes(type: number, shape: readonly number[], payload: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + 4 * shape.length + payload.length)
  const view = new DataView(bytes.buffer)
  view.setUint8(2, type)
  view.setUint8(3, shape.length)
  shape.forEach((length, axis) => {
    view.setUint32(4 + 4 * axis, length)
  })
  bytes.set(payload, 4 + 4 * shape.length)
  return bytes
}

/** A small data set in MNIST's four files: pixel values and labels count up and wrap around. */
export function fakeMnist(trainCount = 12, testCount = 5): PerFile<Uint8Array> {
  return [fakeImages(trainCount), fakeLabels(trainCount), fakeImages(testCount), fakeLabels(testCount)]
}

const fakeImages = (count: number): Uint8Array =>
  idxBytes(
    8,
    [count, 28, 28],
    Uint8Array.from({ length: count * 784 }, (_, index) => (index * 7) % 256),
  )

const fakeLabels = (count: number): Uint8Array =>
  idxBytes(
    8,
    [count],
    Uint8Array.from({ length: count }, (_, index) => (index * 3) % 10),
  )

/** What a download of `contents` is checked against, in the place of MNIST's own sums. */
export function describedFiles(contents: PerFile<Uint8Array>): PerFile<MnistFile> {
  const described = new Map(
    MNIST_FILES.map((file, index) => {
      const bytes = contents[index] ?? new Uint8Array()
      return [file, { name: file.name, bytes: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }]
    }),
  )
  return perFile(MNIST_FILES, (file) => described.get(file) ?? file)
}
