import { readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { codeOf, writeError } from '../disk.ts'
import { FileError } from '../errors.ts'

/** Locks that this program holds. */
const held = new Set<string>()

/**
 * Makes this program the only one that records into a run folder; gives the function that ends it. A program that was killed leaves
 * its lock behind, which then counts for nothing.
 *
 * @throws FileError while another program records into the folder.
 */
export async function lock(folder: string): Promise<() => Promise<void>> {
  const path = join(folder, 'lock')
  const owner = await ownerOf(path)
  if (owner !== undefined) {
    if (owner === process.pid ? held.has(path) : isRunning(owner)) throw taken(folder, path, `process ${owner}`)
    await rm(path, { force: true })
  }
  try {
    // Of two programs that come at once, one fails here.
    await writeFile(path, `${process.pid}\n`, { flag: 'wx' })
  } catch (error) {
    if (codeOf(error) === 'EEXIST') throw taken(folder, path, 'another process')
    throw writeError(path, error)
  }
  held.add(path)
  return async () => {
    held.delete(path)
    await rm(path, { force: true })
  }
}

const taken = (folder: string, path: string, owner: string): FileError =>
  new FileError(
    `${folder} is being recorded into by ${owner}; wait for it to end, or delete ${path} if that process has nothing to do with it`,
  )

/** The process that the file names; 0 where what it holds was cut short, and nothing where there is no file. */
async function ownerOf(path: string): Promise<number | undefined> {
  try {
    const owner = Number(await readFile(path, 'utf8'))
    return Number.isInteger(owner) && owner > 0 ? owner : 0
  } catch {
    return undefined
  }
}

function isRunning(id: number): boolean {
  if (id === 0) return false
  try {
    process.kill(id, 0)
    return true
  } catch (error) {
    // Another user's process may not be signalled, but is there.
    return codeOf(error) === 'EPERM'
  }
}
