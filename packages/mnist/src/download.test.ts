import { createServer } from 'node:net'
import { afterEach, describe, expect, it, vi } from 'vitest'
import { type DownloadLimits, download } from './download.ts'
import { MnistError, MnistUnreachableError } from './errors.ts'
import { type Answer, type Mirror, startMirror } from './testing/mirror.ts'

/** Long where the mirror is good, so that a busy machine fails no test; a test of a time-out shortens its own. */
const LIMITS: DownloadLimits = { answer: 30_000, stall: 30_000, total: 60_000, attempts: 3, pause: 1 }
const ADVICE = /; check the network, name another mirror in MNIST_MIRROR, or name a folder .* in MNIST_DIR$/

const mirrors: Mirror[] = []
afterEach(async () => {
  vi.unstubAllGlobals()
  await Promise.all(mirrors.splice(0).map((mirror) => mirror.close()))
})

async function mirrorThat(answer: Answer): Promise<Mirror> {
  const mirror = await startMirror(answer)
  mirrors.push(mirror)
  return mirror
}

interface Trial {
  readonly limits?: Partial<DownloadLimits>
  readonly signal?: AbortSignal
  readonly onProgress?: (received: number, total: number | undefined) => void
}

function attempt(url: string, { limits, signal, onProgress = () => undefined }: Trial = {}) {
  const notices: string[] = []
  const bytes = download(new URL(url), {
    maxBytes: 1000,
    limits: { ...LIMITS, ...limits },
    signal,
    onProgress,
    onNotice: (line) => notices.push(line),
  })
  return { bytes, notices }
}

async function failure(url: string, trial: Trial = {}): Promise<{ error: MnistError; notices: string[] }> {
  const { bytes, notices } = attempt(url, trial)
  const error = await bytes.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (!(error instanceof MnistError)) throw error ?? new Error('the download succeeded')
  expect(error.message).not.toContain('\n')
  return { error, notices }
}

it('gives the bytes, and tells how many have come', async () => {
  const mirror = await mirrorThat((_, response) => response.writeHead(200, { 'content-length': 6 }).end('digits'))
  const told: [number, number | undefined][] = []
  const { bytes, notices } = attempt(mirror.url, { onProgress: (...seen) => told.push(seen) })
  expect(Buffer.from(await bytes).toString()).toBe('digits')
  expect(told.at(-1)).toEqual([6, 6])
  expect(notices).toEqual([])
})

describe('what passes is tried again', () => {
  it.each([500, 503, 429, 408])('after status %i', async (status) => {
    const mirror = await mirrorThat((_, response) => {
      if (mirror.requests.length < 3) response.writeHead(status).end('busy')
      else response.end('digits')
    })
    const { bytes, notices } = attempt(mirror.url)
    expect(Buffer.from(await bytes).toString()).toBe('digits')
    expect(notices).toHaveLength(2)
    expect(notices[0]).toMatch(new RegExp(`^http://127.* answered ${status} .+; trying again$`))
  })

  it('after a connection dropped in the middle', async () => {
    const mirror = await mirrorThat((_, response) => {
      response.writeHead(200, { 'content-length': 6 })
      if (mirror.requests.length > 1) response.end('digits')
      else response.write('dig', () => response.destroy())
    })
    const { bytes, notices } = attempt(mirror.url)
    expect(Buffer.from(await bytes).toString()).toBe('digits')
    expect(notices).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+ dropped the connection; trying again$/)])
  })

  it('but not for ever', async () => {
    const mirror = await mirrorThat((_, response) => response.destroy())
    const { error, notices } = await failure(mirror.url)
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toMatch(
      /^MNIST cannot be downloaded after 3 attempts: 127\.0\.0\.1:\d+ dropped the connection;/,
    )
    expect(error.message).toMatch(ADVICE)
    expect(notices).toHaveLength(2)
    expect(mirror.requests).toHaveLength(3)
  })
})

describe('a mirror that cannot be reached', () => {
  it.each([
    [403, 'Forbidden'],
    [404, 'Not Found'],
    [204, 'No Content'],
  ])('answers %i', async (status, text) => {
    const mirror = await mirrorThat((_, response) => response.writeHead(status).end())
    const { error } = await failure(mirror.url)
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(`MNIST cannot be downloaded: ${mirror.url} answered ${status} ${text};`)
    expect(mirror.requests).toHaveLength(1)
  })

  it('refuses the connection', async () => {
    const mirror = await startMirror(() => undefined)
    await mirror.close()
    const { error } = await failure(mirror.url)
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toMatch(/after 3 attempts: 127\.0\.0\.1:\d+ refuses the connection;/)
  })

  it.each(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH'])('is not on the network (%s)', async (code) => {
    // What fetch throws; a resolver's own answer to a made-up name depends on the network.
    const cause = Object.assign(new Error('getaddrinfo'), { code })
    vi.stubGlobal('fetch', () => Promise.reject(new TypeError('fetch failed', { cause })))
    const { error } = await failure('https://mirror.example/')
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(
      `MNIST cannot be downloaded: there is no way to mirror.example (${code}; is the network up?);`,
    )
  })

  it('does not speak TLS where it should', async () => {
    const mirror = await mirrorThat((_, response) => response.end('digits'))
    const { error } = await failure(mirror.url.replace('http:', 'https:'))
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toMatch(
      /MNIST cannot be downloaded: there is no secure connection to 127\.0\.0\.1:\d+ \(\w+\);/,
    )
  })

  it('does not speak HTTP', async () => {
    const server = createServer((socket) => socket.end('220 mail ready\r\n'))
    await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
    const address = server.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const { error } = await failure(`http://127.0.0.1:${port}/`)
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toMatch(/after 3 attempts: the request to 127\.0\.0\.1:\d+ failed \(.+\);/)
    server.close()
  })
})

describe('a mirror that takes too long', () => {
  it('before it answers', async () => {
    const mirror = await mirrorThat(() => undefined)
    const { error, notices } = await failure(mirror.url, { limits: { answer: 100, attempts: 2 } })
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(`after 2 attempts: ${mirror.url} did not answer within 0.1 s;`)
    expect(notices).toEqual([`${mirror.url} did not answer within 0.1 s; trying again`])
  })

  it('in the middle', async () => {
    const mirror = await mirrorThat((_, response) => response.writeHead(200, { 'content-length': 6 }).write('dig'))
    const { error } = await failure(mirror.url, { limits: { stall: 100, attempts: 2 } })
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(`after 2 attempts: ${mirror.url} stopped sending for 0.1 s;`)
  })

  it('in all, drop by drop', async () => {
    const mirror = await mirrorThat((_, response) => {
      const drip = setInterval(() => response.write('.'), 20)
      response.on('close', () => clearInterval(drip))
    })
    const { error } = await failure(mirror.url, { limits: { total: 300 } })
    expect(error).toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(`MNIST cannot be downloaded: ${mirror.url} took more than 0.3 s in all;`)
    expect(mirror.requests).toHaveLength(1)
  })
})

describe('a mirror that is not what it should be', () => {
  it('never stops sending', async () => {
    const mirror = await mirrorThat((_, response) => {
      const flood = (): void => {
        while (response.writable && response.write(new Uint8Array(400)));
      }
      response.on('drain', flood)
      flood()
    })
    const { error } = await failure(mirror.url)
    expect(error).not.toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toBe(
      `${mirror.url} sends more than 1000 bytes, so it is not MNIST; name another mirror in MNIST_MIRROR`,
    )
  })

  it('announces too many bytes', async () => {
    const mirror = await mirrorThat((_, response) =>
      response.writeHead(200, { 'content-length': 1e12 }).write('digits'),
    )
    expect((await failure(mirror.url)).error.message).toContain('sends more than 1000 bytes')
  })

  it.each([
    ['http://mirror.example/', 'the mirror http://mirror.example/ is not HTTPS;'],
    ['http://127.0.0.1.mirror.example/', 'is not HTTPS;'],
    ['ftp://localhost/', 'the mirror ftp://localhost/ is not HTTPS;'],
    ['https://me:secret@mirror.example/', "the mirror's URL at mirror.example has a user name or password in it"],
  ])('has the URL %s', async (url, sentence) => {
    const { error } = await failure(url)
    expect(error).not.toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(sentence)
    expect(error.message).not.toContain('secret')
  })
})

describe('redirects', () => {
  const to =
    (location: string): Answer =>
    (request, response) => {
      if (request.url === '/mnist/digits') response.end('digits')
      else response.writeHead(302, { location }).end()
    }

  it('are followed', async () => {
    const mirror = await mirrorThat(to('/mnist/digits'))
    const { bytes } = attempt(mirror.url)
    expect(Buffer.from(await bytes).toString()).toBe('digits')
  })

  it.each([
    ['http://mirror.example/', 'redirects to http://mirror.example/, which is not HTTPS and is not followed'],
    ['file:///etc/hostname', 'redirects to file:///etc/hostname, which is not HTTPS and is not followed'],
    ['https://[', 'redirects to "https://[", which is not a URL'],
    ['/elsewhere', 'redirects more than 5 times'],
  ])('to %s are not', async (location, sentence) => {
    const mirror = await mirrorThat(to(location))
    const { error } = await failure(mirror.url)
    expect(error).not.toBeInstanceOf(MnistUnreachableError)
    expect(error.message).toContain(sentence)
  })
})

describe('a signal ends the download with its reason', () => {
  const reason = new Error('enough')

  it('before it begins', async () => {
    const mirror = await mirrorThat((_, response) => response.end('digits'))
    await expect(attempt(mirror.url, { signal: AbortSignal.abort(reason) }).bytes).rejects.toBe(reason)
    expect(mirror.requests).toEqual([])
  })

  it('in the middle', async () => {
    const mirror = await mirrorThat((_, response) => response.writeHead(200, { 'content-length': 6 }).write('dig'))
    const controller = new AbortController()
    const { bytes } = attempt(mirror.url, { signal: controller.signal, onProgress: () => controller.abort(reason) })
    await expect(bytes).rejects.toBe(reason)
  })

  it('between two attempts', async () => {
    const mirror = await mirrorThat((_, response) => {
      response.writeHead(503).end()
      response.on('close', () => setTimeout(() => controller.abort(reason), 20))
    })
    const controller = new AbortController()
    const { bytes } = attempt(mirror.url, { signal: controller.signal, limits: { pause: 60_000 } })
    await expect(bytes).rejects.toBe(reason)
    expect(mirror.requests).toHaveLength(1)
  })
})
