import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll } from 'vitest'

const folders: string[] = []

/** An empty folder, which is removed after the tests of the file. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'cotangent-example-'))
  folders.push(path)
  return path
}
afterAll(() => {
  for (const path of folders) rmSync(path, { recursive: true })
})

/** An IDX file of bytes. */
export function idx(shape: readonly number[], byteAt: (index: number) => number): Buffer {
  const header = Buffer.alloc(4 + 4 * shape.length)
  header.set([0, 0, 8, shape.length])
  for (const [axis, length] of shape.entries()) header.writeUInt32BE(length, 4 + 4 * axis)
  const count = shape.reduce((product, length) => product * length, 1)
  return Buffer.concat([header, Uint8Array.from({ length: count }, (_, index) => byteAt(index))])
}

export const IMAGES = idx([12, 28, 28], (index) => index % 251)
const LABELS = idx([12], (index) => index % 10)
const FILES = {
  'train-images-idx3-ubyte': IMAGES,
  'train-labels-idx1-ubyte': LABELS,
  't10k-images-idx3-ubyte': IMAGES,
  't10k-labels-idx1-ubyte': LABELS,
}

/** The folder of a tiny data set in MNIST's four files, some of them changed. */
export function dataSet(changed: Readonly<Record<string, Buffer | undefined>> = {}): string {
  const path = folder()
  for (const [name, bytes] of Object.entries({ ...FILES, ...changed }))
    if (bytes) writeFileSync(join(path, name), bytes)
  return path
}
