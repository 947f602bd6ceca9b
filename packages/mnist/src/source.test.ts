import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { DownloadLimits } from './download.ts'
import { MnistError, MnistUnreachableError } from './errors.ts'
import { MNIST_FILES } from './files.ts'
import { readMnistFiles, type SourceOptions } from './source.ts'
import { corrupt, corruptions } from './testing/corruption.ts'
import { describedFiles, fakeMnist } from './testing/fake-mnist.ts'
import { type Answer, type Mirror, serving, startMirror } from './testing/mirror.ts'

const CONTENTS = fakeMnist()
const FILES = describedFiles(CONTENTS)
const NAMES = FILES.map((file) => file.name)
const LIMITS: DownloadLimits = { answer: 30_000, stall: 30_000, total: 60_000, attempts: 2, pause: 1 }

let folder: string
let cacheDir: string
let mirrors: Mirror[] = []
let notices: string[] = []

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-mnist-'))
  cacheDir = join(folder, 'cache')
  notices = []
  vi.stubEnv('MNIST_DIR', '')
  vi.stubEnv('MNIST_MIRROR', '')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await Promise.all(mirrors.map((mirror) => mirror.close()))
  mirrors = []
  await rm(folder, { recursive: true })
})

async function mirrorThat(answer: Answer): Promise<Mirror> {
  const mirror = await startMirror(answer)
  mirrors.push(mirror)
  return mirror
}

const read = (options: SourceOptions) =>
  readMnistFiles({ cacheDir, progress: false, onNotice: (line) => notices.push(line), ...options }, FILES, LIMITS)

async function fill(dir: string, pack: (bytes: Uint8Array) => Uint8Array, suffix: string): Promise<void> {
  await mkdir(dir, { recursive: true })
  await Promise.all(NAMES.map((name, index) => writeFile(join(dir, name + suffix), pack(CONTENTS[index]!))))
}

async function expectContents(options: SourceOptions): Promise<void> {
  const found = await read(options)
  found.forEach(({ bytes }, index) => {
    expect(Buffer.compare(bytes, CONTENTS[index]!)).toBe(0)
  })
}

describe('a named folder', () => {
  it.each([
    ['raw', '', (bytes: Uint8Array) => bytes],
    ['gzipped', '.gz', gzipSync],
    ['raw in spite of the name', '.gz', (bytes: Uint8Array) => bytes],
  ])('has the files %s', async (_, suffix, pack) => {
    await fill(folder, pack, suffix)
    await expectContents({ dir: folder })
    expect(notices).toEqual([])
  })

  it('comes from MNIST_DIR, unless the option names another', async () => {
    await fill(join(folder, 'mine'), gzipSync, '.gz')
    vi.stubEnv('MNIST_DIR', join(folder, 'mine'))
    await expectContents({})
    vi.stubEnv('MNIST_DIR', join(folder, 'nowhere'))
    await expectContents({ dir: join(folder, 'mine') })
    await expect(read({})).rejects.toThrow(
      `the folder ${join(folder, 'nowhere')} that MNIST_DIR names does not exist; name one that has the four MNIST files`,
    )
  })

  it('lacks files, which are named, and nothing is downloaded', async () => {
    const mirror = await mirrorThat(serving(CONTENTS))
    await fill(folder, gzipSync, '.gz')
    await rm(join(folder, `${NAMES[1]}.gz`))
    await rm(join(folder, `${NAMES[2]}.gz`))
    await expect(read({ dir: folder, mirror: mirror.url })).rejects.toThrow(
      new MnistError(
        `the folder ${folder} that dir names has no train-labels-idx1-ubyte, t10k-images-idx3-ubyte (nor with .gz); name one that has the four MNIST files`,
      ),
    )
    expect(mirror.requests).toEqual([])
  })

  it('is no folder', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(read({ dir: join(folder, 'file') })).rejects.toThrow('that dir names is not a folder')
  })

  it('has a folder in the place of a file', async () => {
    await fill(folder, gzipSync, '.gz')
    await mkdir(join(folder, NAMES[0]!))
    await expect(read({ dir: folder })).rejects.toThrow(
      new MnistError(`${join(folder, NAMES[0]!)}: it is not a file; put the MNIST file of this name there`),
    )
  })

  it('has a cut gzip file', async () => {
    await fill(folder, (bytes) => gzipSync(bytes).subarray(0, 30), '.gz')
    await expect(read({ dir: folder })).rejects.toThrow(
      /-ubyte\.gz: the gzip stream ends too early; get the file again$/,
    )
  })
})

describe('download and cache', () => {
  it('downloads once, and reads what was kept from then on', async () => {
    const mirror = await mirrorThat(serving(CONTENTS))
    await expectContents({ mirror: mirror.url })
    expect(mirror.requests).toEqual(NAMES.map((name) => `/mnist/${name}.gz`))
    expect(notices).toHaveLength(4)
    expect(notices[0]).toBe(
      `downloaded ${mirror.url}/train-images-idx3-ubyte.gz (${gzipSync(CONTENTS[0]).length} bytes)`,
    )
    expect((await readdir(cacheDir)).sort()).toEqual(NAMES.map((name) => `${name}.gz`).sort())
    await mirror.close()
    await expectContents({ mirror: mirror.url })
    expect(notices).toHaveLength(4)
  })

  it('takes the mirror from MNIST_MIRROR, with or without a slash at the end', async () => {
    const mirror = await mirrorThat(serving(CONTENTS))
    vi.stubEnv('MNIST_MIRROR', `${mirror.url}/`)
    await expectContents({})
    expect(mirror.requests[0]).toBe('/mnist/train-images-idx3-ubyte.gz')
  })

  it('downloads only what the cache lacks', async () => {
    const mirror = await mirrorThat(serving(CONTENTS))
    await fill(cacheDir, (bytes) => bytes, '')
    await rm(join(cacheDir, NAMES[3]!))
    await expectContents({ mirror: mirror.url })
    expect(mirror.requests).toEqual([`/mnist/${NAMES[3]}.gz`])
  })

  it('keeps what a mirror unpacks on the way', async () => {
    const mirror = await mirrorThat((request, response) => {
      const index = NAMES.findIndex((name) => request.url?.includes(name))
      response.end(CONTENTS[index])
    })
    await expectContents({ mirror: mirror.url })
    expect((await readdir(cacheDir)).sort()).toEqual([...NAMES].sort())
  })

  it('has no lines for files that have a bar', async () => {
    const mirror = await mirrorThat(serving(CONTENTS))
    await expectContents({ mirror: mirror.url, progress: true })
    expect(notices).toEqual([])
  })

  it('does not believe a cached file that is damaged, and puts the right one in its place', async () => {
    const mirror = await mirrorThat(serving(CONTENTS))
    await fill(cacheDir, gzipSync, '.gz')
    const [images, labels, testImages] = NAMES.map((name) => join(cacheDir, `${name}.gz`))
    await writeFile(images!, gzipSync(CONTENTS[0]).subarray(0, 100))
    await writeFile(labels!, gzipSync(CONTENTS[3]))
    await writeFile(testImages!, new Uint8Array(1_000_000))
    await expectContents({ mirror: mirror.url })
    expect(mirror.requests).toHaveLength(3)
    expect(notices).toContain(`${labels} is damaged and will not be used; MNIST is downloaded again`)
    await mirror.close()
    notices = []
    await expectContents({ mirror: mirror.url })
    expect(notices).toEqual([])
  })

  const goesOnWithoutCache = async (): Promise<void> => {
    const mirror = await mirrorThat(serving(CONTENTS))
    await expectContents({ mirror: mirror.url })
    const told = notices.filter((line) => !line.startsWith('downloaded'))
    expect(told).toEqual([
      expect.stringMatching(/^the cache folder .* cannot be written \(E.*\), so MNIST is used without being kept$/),
    ])
    expect(told[0]).toContain(cacheDir)
  }

  it('goes on without a cache folder that cannot be made, and says so once', async () => {
    await writeFile(cacheDir, 'a file, not a folder')
    await goesOnWithoutCache()
  })

  // No folder is read-only for root.
  it.skipIf(process.getuid === undefined || process.getuid() === 0)(
    'goes on without a read-only cache folder',
    async () => {
      await mkdir(cacheDir, { mode: 0o555 })
      await goesOnWithoutCache()
      expect(await readdir(cacheDir)).toEqual([])
    },
  )
})

describe('a mirror that misbehaves leaves nothing behind', () => {
  const good = serving(CONTENTS)
  /** Good but for the second file, so that a half set is what could be believed. */
  const exceptLabels =
    (bad: Answer): Answer =>
    (request, response) =>
      request.url === `/mnist/${NAMES[1]}.gz` ? bad(request, response) : good(request, response)

  it.each<[string, Answer, Partial<DownloadLimits>, string, boolean]>([
    ['answers 403', (_, response) => response.writeHead(403).end(), {}, 'answered 403 Forbidden;', true],
    ['hangs', () => undefined, { answer: 200 }, 'did not answer within 0.2 s;', true],
    [
      'drops the connection in the middle',
      (_, response) => {
        response.writeHead(200, { 'content-length': 100 })
        response.write(gzipSync(CONTENTS[1]).subarray(0, 12), () => response.destroy())
      },
      {},
      'dropped the connection;',
      true,
    ],
    [
      'sends another file',
      (_, response) => response.end(gzipSync(CONTENTS[3])),
      {},
      'gave 13 bytes with SHA-256',
      false,
    ],
    [
      'sends a page',
      (_, response) => response.end('<html>Please log in</html>'),
      {},
      'holds more than the 20 bytes',
      false,
    ],
    [
      'sends half a file',
      (_, response) => response.end(gzipSync(CONTENTS[1]).subarray(0, 20)),
      {},
      'ends too early',
      false,
    ],
    ['sends nothing', (_, response) => response.end(), {}, 'gave 0 bytes with SHA-256', false],
    [
      'never stops sending',
      (_, response) => {
        const flood = (): void => {
          while (response.writable && response.write(new Uint8Array(65_536)));
        }
        response.on('drain', flood)
        flood()
      },
      {},
      'sends more than',
      false,
    ],
  ])('when it %s', async (_, bad, limits, sentence, unreachable) => {
    const mirror = await mirrorThat(exceptLabels(bad))
    const reading = readMnistFiles(
      { cacheDir, mirror: mirror.url, progress: false, onNotice: () => undefined },
      FILES,
      {
        ...LIMITS,
        ...limits,
      },
    )
    const error = await reading.catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(MnistError)
    expect(error instanceof MnistUnreachableError).toBe(unreachable)
    expect(String(error)).toContain(sentence)
    expect(String(error)).toContain(`127.0.0.1`)
    expect(String(error)).not.toContain('\n')
    expect(await readdir(cacheDir)).toEqual([`${NAMES[0]}.gz`])
    const recovered = await mirrorThat(good)
    await expectContents({ mirror: recovered.url })
    expect(recovered.requests).toHaveLength(3)
  })

  it('when the user ends the download', async () => {
    const controller = new AbortController()
    const mirror = await mirrorThat(
      exceptLabels((_, response) => {
        response.write('half')
        controller.abort(new Error('enough'))
      }),
    )
    await expect(read({ mirror: mirror.url, signal: controller.signal })).rejects.toThrow('enough')
    expect(await readdir(cacheDir)).toEqual([`${NAMES[0]}.gz`])
  })

  it('when it has no URL', async () => {
    await expect(read({ mirror: 'mnist' })).rejects.toThrow(
      `the mirror "mnist" is not a URL; name one such as https://ossci-datasets.s3.amazonaws.com/mnist/`,
    )
  })
})

it('whatever happens to cached files, the right bytes come back', async () => {
  const mirror = await mirrorThat(serving(CONTENTS))
  const packed = CONTENTS.map((bytes) => gzipSync(bytes))
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 3 }), corruptions, async (index, list) => {
      await fill(cacheDir, gzipSync, '.gz')
      await writeFile(join(cacheDir, `${NAMES[index]}.gz`), corrupt(packed[index]!, list))
      await expectContents({ mirror: mirror.url })
    }),
    { seed: 20_260_103, numRuns: 200 },
  )
  expect(mirror.requests.length).toBeGreaterThan(100)
})

it('looks for MNIST itself by default, in the four files of its sums', () => {
  expect(MNIST_FILES.map((file) => file.bytes)).toEqual([16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000])
  expect(MNIST_FILES.every((file) => /^[0-9a-f]{64}$/.test(file.sha256))).toBe(true)
})
