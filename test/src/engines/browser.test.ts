/** Compiled programs in a browser: Chromium, where this machine has it, gives Node's bits where it rounds as often. */
import { existsSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { CompileOptions } from '@cotangent/compile'
import { build } from 'esbuild'
import { type Browser, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Trained, trainTwoLayerNet } from './training.ts'

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium'

/** With these a page may share memory between threads. */
const ISOLATED = { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' }

/** Engines that add products with one rounding give other bits than those that cannot. */
const PLAIN = { relaxedMultiplyAdd: false } as const

/** What `page.ts` offers. */
interface TestPage {
  readonly crossOriginIsolated: boolean
  trainTwoLayerNet(options: CompileOptions): Promise<Trained>
  threadsUsed(): number[]
}

describe.skipIf(!existsSync(CHROMIUM) || availableParallelism() < 2)('Chromium', () => {
  let server: Server
  let browser: Browser
  let inNode: Trained

  beforeAll(async () => {
    const entryPoints = [fileURLToPath(new URL('page.ts', import.meta.url))]
    const { outputFiles } = await build({ entryPoints, bundle: true, format: 'esm', platform: 'browser', write: false })
    server = await serve(outputFiles[0]!.text)
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
    inNode = await trainTwoLayerNet({ threads: 1, ...PLAIN })
  })

  afterAll(async () => {
    await browser?.close()
    server?.close()
  })

  test('a cross-origin isolated page trains with threads, to the bits of Node', async () => {
    const page = await open('isolated')
    expect(await page.evaluate(() => (globalThis as unknown as TestPage).crossOriginIsolated)).toBe(true)
    await trainWithTwoThreads(page, PLAIN, inNode)
    await page.close()
  })

  test('any other page trains on one thread, to the same bits', async () => {
    const page = await open('plain')
    expect(await page.evaluate(() => (globalThis as unknown as TestPage).crossOriginIsolated)).toBe(false)
    expect(await train(page, PLAIN)).toEqual(inNode)
    expect(await threadsUsed(page)).toEqual([1])
    await expect(train(page, { threads: 2 })).rejects.toThrow(
      'compile: threads is 2, but threads cannot share memory here; give 1, or make the page cross-origin isolated',
    )
    await page.close()
  })

  test('as it comes, threads make no difference, and losses are those of Node', async () => {
    const page = await open('isolated')
    const alone = await train(page, { threads: 1 })
    await trainWithTwoThreads(page, {}, alone)
    for (const [at, loss] of alone.losses.entries()) expect(loss).toBeCloseTo(inNode.losses[at]!, 5)
    await page.close()
  })

  async function open(path: string): Promise<Page> {
    const page = await browser.newPage()
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/${path}`)
    await page.waitForFunction(() => 'trainTwoLayerNet' in globalThis)
    return page
  }
})

const train = (page: Page, options: CompileOptions): Promise<Trained> =>
  page.evaluate((given) => (globalThis as unknown as TestPage).trainTwoLayerNet(given), options)

/** Until the second thread was there before the end, for which nobody waits: on a busy machine it may come too late the first time. */
async function trainWithTwoThreads(page: Page, options: CompileOptions, expected: Trained): Promise<void> {
  do expect(await train(page, { threads: 2, ...options })).toEqual(expected)
  while (!(await threadsUsed(page)).includes(2))
}

const threadsUsed = (page: Page): Promise<number[]> =>
  page.evaluate(() => (globalThis as unknown as TestPage).threadsUsed())

/** Serves a page with the script at every path; `/isolated` is cross-origin isolated. */
function serve(script: string): Promise<Server> {
  const server = createServer(({ url }, response) => {
    const headers = url === '/isolated' ? ISOLATED : {}
    response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8', ...headers })
    response.end(`<!doctype html><title>Cotangent</title><script type="module">${script}</script>`)
  })
  return new Promise((resolve) => server.listen(0, 'localhost', () => resolve(server)))
}
