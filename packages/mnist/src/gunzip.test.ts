import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MnistError } from './errors.ts'
import { gunzip, readUnpacked } from './gunzip.ts'
import { corrupt, corruptions } from './testing/corruption.ts'

const bytes = Uint8Array.from({ length: 3000 }, (_, index) => (index * index) % 251)
const packed = new Uint8Array(gzipSync(bytes))
const unpack = (input: Uint8Array, maxBytes = 3000) => gunzip(input, { name: 'digits.gz', maxBytes })

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'gunzip-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function unpackFile(input: Uint8Array, maxBytes = 3000): Promise<Uint8Array> {
  const path = join(folder, 'digits')
  await writeFile(path, input)
  return readUnpacked(path, { name: 'digits.gz', maxBytes })
}

it('unpacks gzip, whatever the name', async () => {
  expect(await unpack(packed)).toEqual(bytes)
})

it('unpacks an empty stream and several streams in one file', async () => {
  expect(await unpack(gzipSync(''))).toEqual(new Uint8Array())
  expect(await unpack(Buffer.concat([gzipSync('one '), gzipSync('two')]))).toEqual(
    new Uint8Array(Buffer.from('one two')),
  )
})

it('gives other bytes back as they are', async () => {
  expect(await unpack(bytes)).toBe(bytes)
  expect(await unpack(new Uint8Array())).toEqual(new Uint8Array())
})

describe.each([
  ['in memory', unpack],
  ['from a file', unpackFile],
])('streams that cannot be unpacked, %s', (_, unpack) => {
  const cut = (length: number) => packed.slice(0, length)
  it.each([2, 5, 10, 100, packed.length - 9, packed.length - 1])('cut to %i bytes', async (length) => {
    await expect(unpack(cut(length))).rejects.toThrow(
      new MnistError('digits.gz: the gzip stream ends too early; get the file again'),
    )
  })

  it('with wrong bytes inside', async () => {
    const damaged = packed.slice()
    damaged[40]! ^= 1
    await expect(unpack(damaged)).rejects.toThrow(/^digits\.gz: the gzip stream is corrupt \(.+\); get the file again$/)
  })

  it('with a wrong checksum', async () => {
    const damaged = packed.slice()
    damaged[packed.length - 8]! ^= 1
    await expect(unpack(damaged)).rejects.toThrow('the gzip stream is corrupt (incorrect data check)')
  })

  it('that expand beyond what is allowed, and longer plain files', async () => {
    const sentence = 'digits.gz: it holds more than the 2999 bytes allowed for it; is it another file?'
    await expect(unpack(packed, 2999)).rejects.toThrow(new MnistError(sentence))
    await expect(unpack(bytes, 2999)).rejects.toThrow(new MnistError(sentence))
  })

  it('such as a bomb of 64 MB in 64 KB, whatever length it claims', async () => {
    const bomb = gzipSync(new Uint8Array(64_000_000))
    await expect(unpack(bomb)).rejects.toThrow('holds more than the 3000 bytes')
    bomb.writeUInt32LE(3000, bomb.length - 4)
    await expect(unpack(bomb)).rejects.toThrow('holds more than the 3000 bytes')
  })
})

it('a file is unpacked while it is read: one stream, several, none, and plain bytes', async () => {
  expect(await unpackFile(packed)).toEqual(bytes)
  expect(await unpackFile(Buffer.concat([packed, gzipSync('and more')]), 4000)).toEqual(
    new Uint8Array([...bytes, ...Buffer.from('and more')]),
  )
  expect(await unpackFile(gzipSync(''))).toEqual(new Uint8Array())
  expect(new Uint8Array(await unpackFile(bytes))).toEqual(bytes)
  await expect(readUnpacked(join(folder, 'none'), { name: 'none', maxBytes: 10 })).rejects.toThrow('ENOENT')
  const large = Uint8Array.from({ length: 5_000_000 }, (_, index) => (index * 7) % 256)
  expect(Buffer.compare(await unpackFile(gzipSync(large), 5_000_000), large)).toBe(0)
})

it('a file that is longer than what is read at a time', async () => {
  const large = Uint8Array.from({ length: 17_000_000 }, (_, index) => (index * index) >> 3)
  const stored = gzipSync(large, { level: 0 })
  expect(stored.length).toBeGreaterThan(2 ** 24)
  expect(Buffer.compare(await unpackFile(stored, 17_000_000), large)).toBe(0)
  expect(Buffer.compare(await unpackFile(large, 17_000_000), large)).toBe(0)
  await expect(unpackFile(stored, 16_900_000)).rejects.toThrow('holds more than the 16900000 bytes')
  await expect(unpackFile(stored.subarray(0, -9), 17_000_000)).rejects.toThrow('ends too early')
})

it('random corruptions give an MnistError or the right bytes', async () => {
  let accepted = 0
  let refused = 0
  await fc.assert(
    fc.asyncProperty(corruptions, async (list) => {
      const damaged = corrupt(packed, list)
      try {
        const output = await unpack(damaged, 10_000)
        // Without its first two bytes a stream is not one any more, and is left to the reader of IDX to refuse.
        if (output !== damaged) expect(Buffer.compare(output, bytes)).toBe(0)
        accepted++
      } catch (error) {
        if (!(error instanceof MnistError)) throw error
        refused++
      }
    }),
    { seed: 20_260_102, numRuns: 3000 },
  )
  expect(Math.min(accepted, refused)).toBeGreaterThan(100)
})
