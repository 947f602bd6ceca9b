import { setTimeout as sleep } from 'node:timers/promises'
import { MnistError, MnistUnreachableError } from './errors.ts'

/** How long a mirror may take, in milliseconds, and how often it is asked. */
export interface DownloadLimits {
  /** From the request to the answer's headers, connecting included. */
  readonly answer: number
  /** Between two pieces of the body. */
  readonly stall: number
  /** From the first request to the last byte, all attempts included. */
  readonly total: number
  readonly attempts: number
  /** Before the second attempt; doubled before each further one. */
  readonly pause: number
}

export const DOWNLOAD_LIMITS: DownloadLimits = {
  answer: 10_000,
  stall: 20_000,
  total: 900_000,
  attempts: 3,
  pause: 500,
}

export interface DownloadOptions {
  /** The most bytes that are taken. */
  readonly maxBytes: number
  readonly limits: DownloadLimits
  readonly signal?: AbortSignal | undefined
  /** Bytes received so far, and in all where the mirror says so. */
  readonly onProgress: (received: number, total: number | undefined) => void
  /** Told before another attempt. */
  readonly onNotice: (line: string) => void
}

/**
 * The bytes at `url`. Only HTTPS is spoken, redirects included; plain HTTP is for this machine's own servers. Dropped
 * connections, time-outs, and the statuses 408, 429 and 5xx are tried again, other failures are not.
 *
 * @throws MnistUnreachableError when the mirror does not give the file.
 * @throws MnistError for a URL that is not HTTPS, or more than `maxBytes`.
 * @throws the signal's reason once it is aborted.
 */
export async function download(url: URL, options: DownloadOptions): Promise<Uint8Array> {
  const { limits, signal, onNotice } = options
  const deadline = Date.now() + limits.total
  for (let attempt = 1; ; attempt++) {
    const outcome = await request(url, options, deadline)
    if (outcome instanceof Uint8Array) return outcome
    if (!outcome.transient || attempt >= limits.attempts) {
      const after = attempt > 1 ? ` after ${attempt} attempts` : ''
      throw new MnistUnreachableError(
        `MNIST cannot be downloaded${after}: ${outcome.fault}; check the network, name another mirror in MNIST_MIRROR, or name a folder that has the four files in MNIST_DIR`,
      )
    }
    onNotice(`${outcome.fault}; trying again`)
    // An abort ends the pause early, and is thrown as its own reason.
    await sleep(limits.pause * 2 ** (attempt - 1), undefined, { signal }).catch(() => undefined)
    signal?.throwIfAborted()
  }
}

/** Why an attempt gave nothing, and whether another may. */
interface Failure {
  readonly fault: string
  readonly transient: boolean
}

async function request(url: URL, options: DownloadOptions, deadline: number): Promise<Uint8Array | Failure> {
  const { limits, signal } = options
  const timeout = new AbortController()
  let timer: NodeJS.Timeout | undefined
  const expectWithin = (milliseconds: number, fault: string): void => {
    const left = deadline - Date.now()
    const failure: Failure =
      left > milliseconds
        ? { fault, transient: true }
        : { fault: `${url} took more than ${limits.total / 1000} s in all`, transient: false }
    clearTimeout(timer)
    timer = setTimeout(() => timeout.abort(failure), Math.max(0, Math.min(milliseconds, left)))
  }
  try {
    expectWithin(limits.answer, `${url} did not answer within ${limits.answer / 1000} s`)
    const response = await fetchSecurely(url, signal ? AbortSignal.any([signal, timeout.signal]) : timeout.signal)
    if (response.status !== 200) return refusal(url, response)
    const arrived = (): void => expectWithin(limits.stall, `${url} stopped sending for ${limits.stall / 1000} s`)
    return await readBody(url, response, options, arrived)
  } catch (error) {
    signal?.throwIfAborted()
    if (error instanceof MnistError) throw error
    return timeout.signal.aborted ? timeout.signal.reason : networkFailure(url, error)
  } finally {
    clearTimeout(timer)
    // Lets go of the connection where the body was not read to its end.
    timeout.abort()
  }
}

const MAX_REDIRECTS = 5

async function fetchSecurely(url: URL, signal: AbortSignal): Promise<Response> {
  requireSecure(url)
  let at = url
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
    // Without `identity` a length that the server announces would be that of other bytes than the ones counted.
    const response = await fetch(at, { redirect: 'manual', headers: { 'accept-encoding': 'identity' }, signal })
    const location = response.headers.get('location')
    if (response.status < 300 || response.status > 399 || location === null) return response
    if (!URL.canParse(location, at.href))
      throw new MnistError(`${at} redirects to "${location}", which is not a URL; name another mirror in MNIST_MIRROR`)
    const next = new URL(location, at)
    if (next.protocol !== 'https:' && !(isLocal(at) && isLocal(next))) {
      throw new MnistError(
        `${at} redirects to ${next}, which is not HTTPS and is not followed; name another mirror in MNIST_MIRROR`,
      )
    }
    at = next
  }
  throw new MnistError(`${url} redirects more than ${MAX_REDIRECTS} times; name another mirror in MNIST_MIRROR`)
}

function requireSecure(url: URL): void {
  if (url.username !== '' || url.password !== '') {
    throw new MnistError(
      `the mirror's URL at ${url.host} has a user name or password in it, which is not supported; name one without in MNIST_MIRROR`,
    )
  }
  if (url.protocol === 'https:' || isLocal(url)) return
  throw new MnistError(
    `the mirror ${url} is not HTTPS; name one that is in MNIST_MIRROR (plain HTTP is only for localhost)`,
  )
}

const isLocal = (url: URL): boolean =>
  url.protocol === 'http:' && ['localhost', '127.0.0.1', '[::1]'].includes(url.hostname)

function refusal(url: URL, { status, statusText }: Response): Failure {
  const fault = `${url} answered ${status}${statusText === '' ? '' : ` ${statusText}`}`
  return { fault, transient: status === 408 || status === 429 || status >= 500 }
}

async function readBody(
  url: URL,
  response: Response,
  options: DownloadOptions,
  arrived: () => void,
): Promise<Uint8Array> {
  const { maxBytes, onProgress } = options
  const total = Number(response.headers.get('content-length') ?? Number.NaN)
  const chunks: Uint8Array[] = []
  let received = 0
  arrived()
  for await (const chunk of response.body ?? []) {
    arrived()
    received += chunk.length
    if (received > maxBytes || total > maxBytes) {
      throw new MnistError(
        `${url} sends more than ${maxBytes} bytes, so it is not MNIST; name another mirror in MNIST_MIRROR`,
      )
    }
    chunks.push(chunk)
    onProgress(received, Number.isNaN(total) ? undefined : total)
  }
  return Buffer.concat(chunks)
}

const NO_NETWORK = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ENETUNREACH', 'EHOSTUNREACH', 'ENETDOWN'])
const DROPPED = new Set(['ECONNRESET', 'EPIPE', 'UND_ERR_SOCKET', 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH'])

function networkFailure(url: URL, error: unknown): Failure {
  // fetch says only "fetch failed" or "terminated"; its cause knows why.
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  const { code = '', message } = cause as NodeJS.ErrnoException
  if (NO_NETWORK.has(code))
    return { fault: `there is no way to ${url.host} (${code}; is the network up?)`, transient: false }
  if (code === 'ECONNREFUSED') return { fault: `${url.host} refuses the connection`, transient: true }
  if (DROPPED.has(code)) return { fault: `${url.host} dropped the connection`, transient: true }
  if (/CERT|SSL|TLS|SIGNATURE|EPROTO/.test(code)) {
    return { fault: `there is no secure connection to ${url.host} (${code})`, transient: false }
  }
  return { fault: `the request to ${url.host} failed (${code || message})`, transient: true }
}
