import { createServer } from 'node:http'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { dataSet, folder, IMAGES, idx } from './data-set.ts'
import { linesOf, recordsOf, runExample, withoutMnist } from './example.ts'

const NOWHERE = 'http://127.0.0.1:9/'

describe.concurrent('the digits of an example', () => {
  it('are read from the folder that is named, and from MNIST_DIR', async () => {
    const args = ['two-layer', '--batch-size', '5', '--epochs', '2', '--json']
    const [named, environment] = await Promise.all([
      runExample([...args, '--data-dir', dataSet()]),
      runExample(args, { env: { MNIST_DIR: dataSet() } }),
    ])
    for (const ended of [named, environment]) {
      expect([ended.code, ended.stderr]).toEqual([0, ''])
      // Three batches an epoch, of 5, 5 and 2 images.
      expect(recordsOf(ended).at(-1)).toMatchObject({ data: 'MNIST', iterations: 6 })
    }
  })

  it('are synthetic where MNIST cannot be reached, which one line says', async () => {
    const env = { ...withoutMnist(folder()), MNIST_MIRROR: NOWHERE }
    const ended = await runExample(['overfit', '--iterations', '3', '--json'], { env })
    expect(ended.code).toBe(0)
    expect(ended.stderr).toBe(
      'MNIST cannot be reached: using built-in synthetic digits, whose results are not MNIST results\n',
    )
    expect(recordsOf(ended).at(-1)).toMatchObject({ data: 'synthetic digits', iterations: 3 })
  })

  it('must be MNIST with --data mnist', async () => {
    const env = { ...withoutMnist(folder()), MNIST_MIRROR: NOWHERE }
    const { code, stdout, stderr } = await runExample(['two-layer', '--data', 'mnist'], { env })
    expect([code, stdout]).toEqual([1, ''])
    expect(linesOf(stderr).at(-1)).toMatch(/^error: MNIST cannot be downloaded after 3 attempts: .*127\.0\.0\.1:9/)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  it('are given up by Ctrl-C while they are loading', async () => {
    let interrupt = (): void => undefined
    // A mirror that never answers.
    const mirror = createServer(() => interrupt())
    await new Promise<void>((listening) => mirror.listen(0, '127.0.0.1', listening))
    const address = mirror.address()
    const port = typeof address === 'object' ? address?.port : undefined
    const { code, stdout, stderr } = await runExample(['two-layer'], {
      env: { ...withoutMnist(folder()), MNIST_MIRROR: `http://127.0.0.1:${port}/` },
      onStart: (child) => {
        interrupt = () => void child.kill('SIGINT')
      },
    })
    mirror.closeAllConnections()
    mirror.close()
    expect([code, stdout, stderr]).toEqual([130, '', 'stopped by Ctrl-C\n'])
  })

  const packed = gzipSync(IMAGES)
  it.each([
    ['a folder that is not there', () => join(folder(), 'none'), 'does not exist; name one'],
    ['a file missing', () => dataSet({ 't10k-labels-idx1-ubyte': undefined }), 'has no t10k-labels-idx1-ubyte (nor'],
    [
      'a truncated gzip',
      () => dataSet({ 'train-images-idx3-ubyte': packed.subarray(0, packed.length / 2) }),
      'train-images-idx3-ubyte: ',
    ],
    ['a label above 9', () => dataSet({ 'train-labels-idx1-ubyte': idx([12], (at) => at) }), 'is 10, but MNIST labels'],
  ])('are refused: %s', async (_, make, sentence) => {
    const { code, stdout, stderr } = await runExample(['two-layer', '--data-dir', make()])
    expect([code, stdout]).toEqual([1, ''])
    expect(linesOf(stderr)).toHaveLength(1)
    expect(stderr).toMatch(/^error: /)
    expect(stderr).toContain(sentence)
  })
})
