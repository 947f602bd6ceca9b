import { randomUUID } from 'node:crypto'
import { mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import envPaths from 'env-paths'

/** Where this user's downloads are kept, such as `~/.cache/cotangent/mnist`. */
export const cacheFolder = (): string => join(envPaths('cotangent', { suffix: '' }).cache, 'mnist')

/**
 * Writes a file that appears under its name only once all of it is on the disk. Whatever ends the program before that
 * leaves at most a temporary file beside it.
 */
export async function writeAtomically(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  const temporary = `${path}.${randomUUID()}.part`
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
