import { access, readdir, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { InternalError, ValueError } from '@cotangent/core'
import { type Configuration, createRun, FileError, makeFolder, openRun, type Run as RunFolder } from '@cotangent/io'
import type { Command } from 'commander'
import type { Digits } from './data.ts'
import type { TrainingOptions } from './options.ts'
import { resumeCommand, resumedOptions, type StoredOptions, storedOptions } from './resume.ts'

/** Where what an example trains is kept: `--out` names a new folder, `--resume` one to go on in. */
export interface Kept {
  readonly path: string
  readonly resumed: boolean
  /** The command line that goes on with what is kept. */
  readonly resumeCommand: string
  /**
   * The folder of one run, made, or opened if it is there already. With a name it is one of several runs, in a folder of its own.
   *
   * @throws FileError where it cannot be; ValueError where it is of another net, optimiser or digits.
   */
  open(run: KeptRun): Promise<RunFolder>
  /** Takes the folders back that were made for it, as far as nothing is in them. */
  tidy(): Promise<void>
}

/** What is kept of a run beside the options of its example. */
interface KeptRun {
  readonly name: string | undefined
  readonly digits: Digits
  readonly configuration: Configuration
  readonly onNotice: (line: string) => void
}

/**
 * The options of a training example, and where it is kept. With `--resume`, options that are not given are as they were.
 *
 * @throws FileError for a folder that cannot be read, has something in it already (`--out`) or has no run in it (`--resume`);
 * ValueError for one of another example, and for options that contradict those that the run was begun with.
 */
export async function keptFor<O extends TrainingOptions>(command: Command): Promise<[options: O, kept: Kept]> {
  const options = command.opts<O>()
  const { out, resume } = options
  if (resume !== undefined) {
    const stored = await readStored(resume, command.name())
    // They are those of the same command, each read as the command line is.
    return [
      resumedOptions(command, stored, resume) as unknown as O,
      keptIn(command, stored, { path: resume, resumed: true, made: [] }),
    ]
  }
  if (out === undefined) throw new InternalError('neither --out nor --resume was given')
  const made = await requireFree(out)
  return [options, keptIn(command, storedOptions(command), { path: out, resumed: false, made })]
}

interface Place {
  readonly path: string
  readonly resumed: boolean
  /** The folders that were made for it, outermost first. */
  readonly made: readonly string[]
}

function keptIn(command: Command, options: StoredOptions, { path, resumed, made }: Place): Kept {
  return {
    path,
    resumed,
    resumeCommand: resumeCommand(command, path),
    open: async ({ name, digits, configuration, onNotice }) => {
      const folder = name === undefined ? path : join(path, folderName(name))
      if (resumed && (await holdsRun(folder))) {
        const run = await openRun(folder, { onNotice })
        run.requireSame(configuration)
        return run
      }
      const data = digits.name === 'MNIST' ? 'mnist' : 'synthetic'
      const whole = { example: command.name(), run: name, ...configuration, options: { ...options, data } }
      return createRun(folder, whole, { onNotice })
    },
    tidy: async () => {
      // One that holds something is not removed, nor those around it.
      for (const folder of made.toReversed()) await rmdir(folder).catch(() => undefined)
    },
  }
}

/** `decay 0.1` as `decay-0.1`. */
const folderName = (name: string): string => name.replaceAll(/[^\w.-]+/g, '-')

/** The options that a run, or several in folders of their own, was begun with by this example. */
async function readStored(path: string, example: string): Promise<StoredOptions> {
  const names = await namesIn(path)
  if (names === undefined) throw new FileError(`there is no folder ${path}; give one that --out made`)
  const several = !(await holdsRun(path))
  const folders = several ? names.map((name) => join(path, name)) : [path]
  const holding = await Promise.all(folders.map(holdsRun))
  const folder = folders.find((_, index) => holding[index])
  if (folder === undefined) throw new FileError(`${path} holds no run; give a folder that --out made`)
  const { configuration } = await openRun(folder)
  const { example: trainedBy, options } = configuration
  if (several !== (configuration.run !== undefined)) {
    throw new FileError(
      several
        ? `${path} is not the folder of one run, but holds others; give one of them, as ${folder}`
        : `${path} is one of the runs of ${trainedBy}; go on with all of them: pnpm example ${trainedBy} --resume ${dirname(path)}`,
    )
  }
  if (typeof options !== 'object' || options === null || typeof trainedBy !== 'string')
    throw new FileError(`the run in ${path} is none of an example's; resume it with the program that began it`)
  if (trainedBy !== example) {
    throw new ValueError(`${path} is a run of ${trainedBy}; go on with it: pnpm example ${trainedBy} --resume ${path}`)
  }
  // What their values are is checked one by one.
  return options as StoredOptions
}

const holdsRun = (path: string): Promise<boolean> =>
  access(join(path, 'configuration.json')).then(
    () => true,
    () => false,
  )

/**
 * Makes a new folder, unless there is an empty one; the folders that were made for that.
 *
 * @throws FileError where there is more, or it cannot be made.
 */
async function requireFree(path: string): Promise<string[]> {
  const names = (await namesIn(path)) ?? []
  const held = await Promise.all([path, ...names.map((name) => join(path, name))].map(holdsRun))
  if (held.includes(true))
    throw new FileError(`${path} holds a run already; go on with it by --resume ${path}, or give another folder`)
  if (names.length > 0) throw new FileError(`${path} is not empty: it holds ${names[0]}; give another folder`)
  return makeFolder(path)
}

/**
 * What stands in a folder; nothing where there is none.
 *
 * @throws FileError for what is no folder, or cannot be read.
 */
async function namesIn(path: string): Promise<string[] | undefined> {
  try {
    return (await readdir(path)).filter((name) => !name.startsWith('.')).toSorted()
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    const reason = code === 'ENOTDIR' ? 'is a file, or in one' : `cannot be read (${message})`
    throw new FileError(`${path} ${reason}; give a folder`)
  }
}
