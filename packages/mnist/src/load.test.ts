import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { CotangentError, type Tensor } from '@cotangent/core'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, expectTypeOf, it, vi } from 'vitest'
import { IdxError, MnistError } from './errors.ts'
import { MNIST_FILES } from './files.ts'
import { loadMnist } from './load.ts'
import { corrupt, corruptions } from './testing/corruption.ts'
import { fakeMnist, idxBytes } from './testing/fake-mnist.ts'
import { startMirror } from './testing/mirror.ts'

const NAMES = MNIST_FILES.map((file) => file.name)
let dir: string

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cotangent-load-'))
  await write(fakeMnist(12, 5))
})
afterEach(() => {
  vi.unstubAllEnvs()
  return rm(dir, { recursive: true })
})

const write = (contents: readonly Uint8Array[]) =>
  Promise.all(contents.map((bytes, index) => writeFile(join(dir, NAMES[index]!), bytes)))
const writeOne = (index: number, bytes: Uint8Array) => writeFile(join(dir, NAMES[index]!), bytes)

describe('onUnpacking', () => {
  const packAll = (level = 6) =>
    Promise.all(
      NAMES.map(async (name) => {
        await writeFile(join(dir, `${name}.gz`), gzipSync(await readFile(join(dir, name)), { level }))
        await rm(join(dir, name))
      }),
    )

  it('is called once, before the files are there', async () => {
    await packAll()
    const told: string[] = []
    await loadMnist({ dir, onUnpacking: () => told.push('unpacking') }).then(() => told.push('there'))
    expect(told).toEqual(['unpacking', 'there'])
  })

  it('once for each call, also of files that are read in several pieces', async () => {
    await write(fakeMnist(22_000, 5))
    await packAll(0)
    const onUnpacking = vi.fn()
    for (let time = 1; time <= 2; time++) {
      await loadMnist({ dir, normalize: false, onUnpacking })
      expect(onUnpacking).toHaveBeenCalledTimes(time)
    }
  })

  it('not where there is nothing to unpack', async () => {
    const onUnpacking = vi.fn()
    await loadMnist({ dir, onUnpacking })
    expect(onUnpacking).not.toHaveBeenCalled()
  })
})

describe('the three flags', () => {
  it('by default: float32 from 0 to 1, flat, labels as integers', async () => {
    const { train, test } = await loadMnist({ dir })
    expectTypeOf(train.images).toEqualTypeOf<Tensor<'float32'>>()
    expectTypeOf(train.labels).toEqualTypeOf<Tensor<'int32'>>()
    expect([train.images.shape, train.images.dtype]).toEqual([[12, 784], 'float32'])
    expect([test.images.shape, test.images.dtype]).toEqual([[5, 784], 'float32'])
    expect([train.labels.shape, train.labels.dtype]).toEqual([[12], 'int32'])
    expect([...test.labels.data]).toEqual([0, 3, 6, 9, 2])
    const pixels = Array.from({ length: 12 * 784 }, (_, index) => Math.fround(((index * 7) % 256) / 255))
    expect([...train.images.data]).toEqual(pixels)
  })

  it('normalize: false keeps the bytes', async () => {
    const { train } = await loadMnist({ dir, normalize: false })
    expectTypeOf(train.images).toEqualTypeOf<Tensor<'uint8'>>()
    expect([train.images.shape, train.images.dtype]).toEqual([[12, 784], 'uint8'])
    expect([...train.images.data.slice(0, 4)]).toEqual([0, 7, 14, 21])
  })

  it('flatten: false keeps rows and columns, with one channel', async () => {
    const { train, test } = await loadMnist({ dir, flatten: false })
    expect(train.images.shape).toEqual([12, 1, 28, 28])
    expect(test.images.shape).toEqual([5, 1, 28, 28])
  })

  it('oneHot: true gives rows of ten', async () => {
    const { test } = await loadMnist({ dir, oneHot: true })
    expectTypeOf(test.labels).toEqualTypeOf<Tensor<'float32'>>()
    expect(test.labels.dtype).toBe('float32')
    expect(test.labels.toArray()).toEqual(
      [0, 3, 6, 9, 2].map((digit) => Array.from({ length: 10 }, (_, at) => Number(at === digit))),
    )
  })

  it('known only when the program runs', async () => {
    const flags = { normalize: Boolean(0), oneHot: Boolean(1) }
    const { train } = await loadMnist({ dir, ...flags })
    expectTypeOf(train.images).toEqualTypeOf<Tensor<'float32'> | Tensor<'uint8'>>()
    expectTypeOf(train.labels).toEqualTypeOf<Tensor<'float32'> | Tensor<'int32'>>()
    expect([train.images.dtype, train.labels.dtype]).toEqual(['uint8', 'float32'])
  })
})

describe('files that are not what they should be', () => {
  const labels = (...digits: number[]) => idxBytes(8, [digits.length], Uint8Array.from(digits))
  const path = (index: number) => join(dir, NAMES[index]!)
  const refusal = async (): Promise<CotangentError> => {
    const error = await loadMnist({ dir }).catch((reason: unknown) => reason)
    if (!(error instanceof CotangentError)) throw error
    expect(error.message).not.toContain('\n')
    return error
  }

  it('more images than labels', async () => {
    await writeOne(3, labels(1, 2, 3))
    expect(await refusal()).toEqual(
      new MnistError(`${path(2)} has 5 images but ${path(3)} has 3 labels; take both from the same data set`),
    )
  })

  it('a label above 9', async () => {
    await writeOne(3, labels(1, 2, 10, 3, 200))
    expect(await refusal()).toEqual(
      new MnistError(
        `${path(3)}: label 2 (counted from 0) is 10, but MNIST labels are digits from 0 to 9; get the file again`,
      ),
    )
  })

  it.each([
    [
      'labels in the place of images',
      0,
      labels(1, 2),
      'holds uint8 of shape [2], but MNIST images are uint8 of shape [N, 28, 28]',
    ],
    [
      'images of another size',
      0,
      idxBytes(8, [1, 14, 56], new Uint8Array(784)),
      'of shape [1, 14, 56], but MNIST images are',
    ],
    [
      'images of another type',
      0,
      idxBytes(9, [1, 28, 28], new Uint8Array(784)),
      'holds int8 of shape [1, 28, 28], but MNIST',
    ],
    ['no images', 0, idxBytes(8, [0, 28, 28], new Uint8Array()), 'it holds no images'],
    [
      'images in the place of labels',
      3,
      idxBytes(8, [1, 1, 1], new Uint8Array(1)),
      'of shape [1, 1, 1], but MNIST labels are uint8 of shape [N]',
    ],
  ])('%s', async (_, index, bytes, sentence) => {
    await writeOne(index, bytes)
    const error = await refusal()
    expect(error).toBeInstanceOf(MnistError)
    expect(error.message).toContain(`${path(index)}: `)
    expect(error.message).toContain(sentence)
  })

  it.each([
    ['an empty file', new Uint8Array(), 'the file is empty'],
    [
      'a wrong magic number',
      Uint8Array.from(Buffer.from('GIF89a')),
      'the magic number 0x47494638 is not that of an IDX file',
    ],
    [
      'a short payload',
      idxBytes(8, [9], new Uint8Array(3)),
      'uint8 of shape [9], 17 bytes with the header, but there are 11',
    ],
    ['a long payload', idxBytes(8, [9], new Uint8Array(30)), '17 bytes with the header, but there are 38'],
  ])('%s', async (_, bytes, sentence) => {
    await writeOne(1, bytes)
    const error = await refusal()
    expect(error).toBeInstanceOf(IdxError)
    expect(error.message).toContain(`${path(1)}: `)
    expect(error.message).toContain(sentence)
  })
})

it('random corruptions of a file give a named error or images and labels that fit together', async () => {
  const raw = fakeMnist(3, 2)
  const packed = raw.map((bytes) => new Uint8Array(gzipSync(bytes)))
  let accepted = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3 }), fc.boolean(), corruptions, async (index, gzipped, list) => {
      await write(raw)
      await writeOne(index, corrupt((gzipped ? packed : raw)[index]!, list))
      try {
        const { train, test } = await loadMnist({ dir, normalize: false })
        expect([train.images.shape, train.labels.shape, test.images.shape, test.labels.shape]).toEqual([
          [3, 784],
          [3],
          [2, 784],
          [2],
        ])
        for (const split of [train, test]) {
          expect(split.images.data.length).toBe(split.images.size)
          expect([...split.labels.data].every((digit) => digit >= 0 && digit <= 9)).toBe(true)
        }
        // gzip's own checksum lets no other bytes through; a raw file has none.
        if (gzipped) {
          const sound = [train.images, train.labels, test.images, test.labels].map((x) => [...x.data])
          const payloads = raw.map((bytes, file) => [...bytes.subarray(file % 2 === 0 ? 16 : 8)])
          expect(sound).toEqual(payloads)
        }
        accepted++
      } catch (error) {
        if (!(error instanceof IdxError || error instanceof MnistError)) throw error
        refused++
      }
    }),
    { seed: 20_260_104, numRuns: 1000 },
  )
  expect(Math.min(accepted, refused)).toBeGreaterThan(40)
})

describe('MNIST itself', () => {
  const shared = fileURLToPath(new URL('../../../../shared/data/mnist', import.meta.url))
  const real = process.env.MNIST_DIR || shared
  const packed = existsSync(join(real, `${NAMES[0]}.gz`))
  const present = packed || existsSync(join(real, NAMES[0]!))
  const titled = (title: string): string =>
    present ? title : `${title} (skipped: MNIST_DIR names no folder that has it)`

  it.skipIf(!present)(titled('has the digits and the pixels known of it'), async () => {
    const { train, test } = await loadMnist({ dir: real, normalize: false })
    expect([train.images.shape, test.images.shape]).toEqual([
      [60_000, 784],
      [10_000, 784],
    ])
    expect([...train.labels.data.slice(0, 10)]).toEqual([5, 0, 4, 1, 9, 2, 1, 3, 1, 4])
    expect([...test.labels.data.slice(0, 10)]).toEqual([7, 2, 1, 0, 4, 1, 4, 9, 5, 9])
    const counts = new Array<number>(10).fill(0)
    for (const digit of train.labels.data) counts[digit]!++
    expect(counts).toEqual([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949])
    let sum = 0
    for (const pixel of train.images.data) sum += pixel
    // The mean that everyone normalises MNIST by.
    expect(sum / (60_000 * 784) / 255).toBeCloseTo(0.1307, 4)
  })

  it.skipIf(!packed)(
    titled('is downloaded, checked by its sums, kept, and read again without the mirror'),
    async () => {
      vi.stubEnv('MNIST_DIR', '')
      const mirror = await startMirror((request, response) => {
        const name = request.url?.split('/').at(-1) ?? ''
        readFile(join(real, name)).then((body) => response.end(body))
      })
      const options = {
        normalize: false,
        mirror: mirror.url,
        cacheDir: join(dir, 'cache'),
        progress: false,
        onNotice: () => undefined,
      }
      const first = await loadMnist(options)
      await mirror.close()
      const second = await loadMnist(options)
      expect(mirror.requests).toHaveLength(4)
      expect(second.train.images.shape).toEqual([60_000, 784])
      expect(second.test.labels.data).toEqual(first.test.labels.data)
    },
  )
})
