import { createHash } from 'node:crypto'
import { readdir, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { cacheFolder, writeAtomically } from './cache.ts'
import { DOWNLOAD_LIMITS, type DownloadLimits, download } from './download.ts'
import { MnistError } from './errors.ts'
import { MNIST_FILES, MNIST_MIRROR, type MnistFile, type PerFile, perFile } from './files.ts'
import { gunzip, isGzip, readUnpacked } from './gunzip.ts'
import type { ProgressBar } from './progress.ts'

/** Where MNIST is taken from. */
export interface SourceOptions {
  /** A folder with the four files, gzipped or not. Default: the environment's `MNIST_DIR`, else the cache and the mirror. */
  readonly dir?: string | undefined
  /** The URL below which the gzipped files are. Default: the environment's `MNIST_MIRROR`, else the public mirror. */
  readonly mirror?: string | undefined
  /** Where downloads are kept. Default: the user's cache folder. */
  readonly cacheDir?: string | undefined
  /** Ends a download; what is thrown is the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Gets one line for each thing worth saying: a file downloaded, a second attempt, a cache that cannot be used. Default: standard error. */
  readonly onNotice?: ((line: string) => void) | undefined
  /**
   * Is called when other threads have begun to unpack the files, so that this one may do something else; not where some are not packed,
   * or are downloaded.
   */
  readonly onUnpacking?: (() => void) | undefined
  /** Whether a download draws a progress bar on standard error. Default: where that is a terminal. */
  readonly progress?: boolean | undefined
}

/** The decompressed bytes of a file, and where they are from. */
export interface FileContent {
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * The four files, out of the folder that is named, else from the cache, else from the mirror.
 *
 * Files of a named folder are believed: they may be another data set in MNIST's format. What comes from the cache or the
 * mirror must have the SHA-256 of `files`.
 */
export async function readMnistFiles(
  options: SourceOptions,
  files: PerFile<MnistFile> = MNIST_FILES,
  limits: DownloadLimits = DOWNLOAD_LIMITS,
): Promise<PerFile<FileContent>> {
  let waiting: number = files.length
  const onUnpacking = () => --waiting === 0 && options.onUnpacking?.()
  if (options.dir !== undefined) return readFolder(options.dir, 'dir', files, onUnpacking)
  // An empty variable is one that is not set.
  if (process.env.MNIST_DIR) return readFolder(process.env.MNIST_DIR, 'MNIST_DIR', files, onUnpacking)

  const folder = options.cacheDir ?? cacheFolder()
  const notice = options.onNotice ?? ((line: string) => void process.stderr.write(`${line}\n`))
  const found = new Map<MnistFile, FileContent | undefined>()
  await Promise.all(files.map(async (file) => found.set(file, await readCached(folder, file, notice, onUnpacking))))

  const keep = cacheWriter(folder, notice)
  // One after another: a mirror that cannot be reached is then told once, and one bar is drawn at a time.
  for (const file of files) {
    if (found.get(file)) continue
    const { packed, content } = await downloadChecked(file, options, limits, notice)
    await keep(isGzip(packed) ? `${file.name}.gz` : file.name, packed)
    found.set(file, content)
  }
  // Every file is there now.
  return perFile(files, (file) => found.get(file)!)
}

/** Room for the largest data set in this format (EMNIST by class, 547 MB); a small gzip file could hold a terabyte. */
const MAX_FOLDER_FILE = 2 ** 30

async function readFolder(
  dir: string,
  origin: string,
  files: PerFile<MnistFile>,
  onUnpacking: () => void,
): Promise<PerFile<FileContent>> {
  const folder = resolve(dir)
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    const fault =
      { ENOENT: 'does not exist', ENOTDIR: 'is not a folder' }[error.code ?? ''] ?? `cannot be read (${error.message})`
    throw new MnistError(`the folder ${folder} that ${origin} names ${fault}; name one that has the four MNIST files`)
  })
  const present = (file: MnistFile): string | undefined =>
    [file.name, `${file.name}.gz`].find((name) => names.includes(name))
  const missing = files.filter((file) => present(file) === undefined).map((file) => file.name)
  if (missing.length > 0) {
    throw new MnistError(
      `the folder ${folder} that ${origin} names has no ${missing.join(', ')} (nor with .gz); name one that has the four MNIST files`,
    )
  }
  return Promise.all(
    perFile(files, async (file) => {
      // Checked just above.
      const path = join(folder, present(file)!)
      const limits = { maxBytes: MAX_FOLDER_FILE, maxUnpacked: MAX_FOLDER_FILE }
      const bytes = await readWhole(path, limits, onUnpacking).catch((error: NodeJS.ErrnoException) => {
        throw error instanceof MnistError ? error : new MnistError(`${path}: it cannot be read (${error.message})`)
      })
      return { name: path, bytes }
    }),
  )
}

/** The cached file if it is there with the right bytes; of a damaged one only its notice remains. */
async function readCached(
  folder: string,
  file: MnistFile,
  notice: (line: string) => void,
  onUnpacking: () => void,
): Promise<FileContent | undefined> {
  let damaged: string | undefined
  for (const path of [join(folder, file.name), join(folder, `${file.name}.gz`)]) {
    try {
      const limits = { maxBytes: packedLimit(file), maxUnpacked: file.bytes }
      const bytes = await readWhole(path, limits, onUnpacking)
      if (sha256(bytes) === file.sha256) return { name: path, bytes }
      damaged = path
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code !== 'ENOENT' && code !== 'ENOTDIR') damaged = path
    }
  }
  if (damaged) notice(`${damaged} is damaged and will not be used; MNIST is downloaded again`)
  return undefined
}

/** gzip makes what it cannot compress a little longer. */
const packedLimit = (file: MnistFile): number => file.bytes + 65_536

/** A file unpacked, of at most so many bytes as it lies there and as it is unpacked. */
async function readWhole(
  path: string,
  { maxBytes, maxUnpacked }: { readonly maxBytes: number; readonly maxUnpacked: number },
  onUnpacking: () => void,
): Promise<Uint8Array> {
  const found = await stat(path)
  if (!found.isFile()) throw new MnistError(`${path}: it is not a file; put the MNIST file of this name there`)
  if (found.size > maxBytes)
    throw new MnistError(
      `${path}: its ${found.size} bytes are more than the ${maxBytes} that are read; is it another file?`,
    )
  return readUnpacked(path, { name: path, maxBytes: maxUnpacked, onUnpacking })
}

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function mirrorUrl(mirror: string, file: MnistFile): URL {
  const folder = mirror.endsWith('/') ? mirror : `${mirror}/`
  if (!URL.canParse(folder)) {
    throw new MnistError(`the mirror "${mirror}" is not a URL; name one such as ${MNIST_MIRROR} in MNIST_MIRROR`)
  }
  return new URL(`${file.name}.gz`, folder)
}

async function downloadChecked(
  file: MnistFile,
  {
    mirror = process.env.MNIST_MIRROR || MNIST_MIRROR,
    signal,
    progress = process.stderr.isTTY === true,
  }: SourceOptions,
  limits: DownloadLimits,
  notice: (line: string) => void,
): Promise<{ packed: Uint8Array; content: FileContent }> {
  const url = mirrorUrl(mirror, file)
  const packed = await withProgress(progress, file.name, (onProgress) =>
    download(url, { maxBytes: packedLimit(file), limits, signal, onProgress, onNotice: notice }),
  )
  const bytes = await gunzip(packed, { name: url.href, maxBytes: file.bytes })
  const found = sha256(bytes)
  if (found !== file.sha256) {
    throw new MnistError(
      `${url} gave ${bytes.length} bytes with SHA-256 ${found}, but MNIST has ${file.bytes} with ${file.sha256}; name another mirror in MNIST_MIRROR`,
    )
  }
  if (!progress) notice(`downloaded ${url} (${packed.length.toLocaleString('en')} bytes)`)
  return { packed, content: { name: url.href, bytes } }
}

async function withProgress<R>(
  drawn: boolean,
  label: string,
  run: (onProgress: ProgressBar['update']) => Promise<R>,
): Promise<R> {
  if (!drawn) return run(() => undefined)
  // Loaded only for a download on a terminal.
  const { openProgressBar } = await import('./progress.ts')
  const bar = openProgressBar(label, process.stderr)
  try {
    return await run(bar.update)
  } finally {
    bar.close()
  }
}

/** Keeps downloads; the first one that cannot be kept is told, and the rest are not tried. */
function cacheWriter(
  folder: string,
  notice: (line: string) => void,
): (name: string, bytes: Uint8Array) => Promise<void> {
  let writable = true
  return async (name, bytes) => {
    if (!writable) return
    await writeAtomically(join(folder, name), bytes).catch((error: NodeJS.ErrnoException) => {
      writable = false
      notice(`the cache folder ${folder} cannot be written (${error.message}), so MNIST is used without being kept`)
    })
  }
}
