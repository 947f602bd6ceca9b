import { randomUUID } from 'node:crypto'
import { access, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { FileError } from './errors.ts'

export interface WriteOptions {
  /** Take the place of a file of this name, which is otherwise refused. Default: false. */
  readonly overwrite?: boolean
}

/**
 * Writes a file that appears under its name only once all of it is on the disk: whatever ends the program before leaves what was
 * there, and at most a temporary file beside it, which a later write of the same file removes.
 *
 * @throws FileError where the file is there already, the disk is full, or the folder is missing or read-only.
 */
export async function writeAtomically(path: string, bytes: Uint8Array, options: WriteOptions = {}): Promise<void> {
  const { overwrite = false } = options
  if (!overwrite && (await exists(path))) {
    throw new FileError(`cannot write ${path}: it is there already; choose another name, or pass overwrite: true`)
  }
  const folder = dirname(path)
  const temporary = join(folder, `.${basename(path)}.${randomUUID()}${PART}`)
  try {
    await sweepParts(folder, (name, age) => name.startsWith(`.${basename(path)}.`) && age > STALE)
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
    await syncFolder(folder)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw writeError(path, error)
  }
}

/**
 * The bytes of a file.
 *
 * @throws FileError where there is no such file, or it cannot be read.
 */
export async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path)
  } catch (error) {
    throw readError(path, error)
  }
}

/**
 * Makes a folder, and those that it stands in; the ones that were not there, outermost first. Node's own recursion takes a read-only
 * disk for a missing folder, and does not end on systems of files that take no folders.
 *
 * @throws FileError where it cannot be made.
 */
export async function makeFolder(path: string): Promise<string[]> {
  const reason = await mkdir(path).catch((error: unknown) => error)
  if (reason === undefined) return [path]
  const code = codeOf(reason)
  if (code === 'EEXIST' && (await stat(path)).isDirectory()) return []
  if (code !== 'ENOENT' || dirname(path) === path) throw writeError(path, reason)
  const around = await makeFolder(dirname(path))
  await mkdir(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw writeError(path, error)
    throw new FileError(`cannot make the folder ${path}: its place takes no folders; choose another`)
  })
  return [...around, path]
}

/** Removes temporary files of writes that never ended: those that `isStale` says so of, by name and age in milliseconds. */
export async function sweepParts(folder: string, isStale: (name: string, age: number) => boolean): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.') || !name.endsWith(PART)) continue
    const path = join(folder, name)
    const found = await stat(path).catch(() => undefined)
    if (found !== undefined && isStale(name, Date.now() - found.mtimeMs)) await rm(path, { force: true })
  }
}

export const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  )

/** A failed write as one sentence. */
export const writeError = (path: string, error: unknown): Error => explained(`cannot write ${path}`, error, WRITING)

/** A failed read as one sentence. */
export const readError = (path: string, error: unknown): Error => explained(`cannot read ${path}`, error, READING)

const PART = '.part'

/** No write takes as long as this, in milliseconds. */
const STALE = 3_600_000

const FULL = 'the disk is full; free some space, or choose a folder on another disk'
const READ_ONLY = 'the folder is read-only for this user; choose another folder'

/** What system errors mean here. */
const WRITING: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: READ_ONLY,
  EPERM: READ_ONLY,
  EROFS: READ_ONLY,
  ENOENT: 'its folder does not exist; create it first',
  ENOTDIR: 'what should be its folder is a file; choose another folder',
  EISDIR: 'it is a folder; choose another name',
  EEXIST: 'a file of this name is there already; choose another name',
}
const READING: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file; check the name',
  ENOTDIR: 'what should be its folder is a file; check the name',
  EISDIR: 'it is a folder; name a file in it',
  EACCES: 'this user may not read it; change its permissions',
  EPERM: 'this user may not read it; change its permissions',
}

function explained(what: string, error: unknown, meanings: Readonly<Record<string, string>>): Error {
  const code = codeOf(error)
  // Whatever has no code is a mistake of the program, and an Error.
  if (code === undefined) return error as Error
  return new FileError(`${what}: ${meanings[code] ?? (error as Error).message}`)
}

/** What the system calls an error, as in `ENOENT`. */
export const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** So that the new name outlasts a loss of power. Windows opens no folders, and needs it not. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const handle = await open(folder, 'r')
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
