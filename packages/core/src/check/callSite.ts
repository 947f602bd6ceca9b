/** A line of code. */
export interface CallSite {
  readonly file: string
  readonly line: number
  readonly column: number
}

export const callSiteText = ({ file, line, column }: CallSite): string => `${file}:${line}:${column}`

/** So many frames, since composed operations nest. */
const DEPTH = 100

/** The stack here, to be read by {@link callSiteOf} if it is wanted: reading is what takes time. */
export function captureStack(): Error {
  const before = Error.stackTraceLimit
  Error.stackTraceLimit = DEPTH
  const captured = new Error('captured stack')
  Error.stackTraceLimit = before
  return captured
}

/** The innermost line of the user's code: the first frame outside these packages and the runtime's internals. */
export function callSiteOf({ stack = '' }: Error): CallSite | undefined {
  for (const frame of stack.split('\n')) {
    const site = parseFrame(frame)
    if (site && !isInternal(site.file)) return site
  }
  return undefined
}

/** V8 writes `at f (file:line:column)` or `at file:line:column`; Firefox and Safari write `f@file:line:column`. */
const FRAME = /(?:^\s*at (?:.*\()?|@)((?:[a-z][a-z+.-]*:|\/|[A-Z]:\\)[^()]*):(\d+):(\d+)\)?$/

function parseFrame(frame: string): CallSite | undefined {
  const [, file, line, column] = FRAME.exec(frame) ?? []
  return file === undefined ? undefined : { file: pathOf(file), line: Number(line), column: Number(column) }
}

/** A file URL as a path, other addresses as they are. */
const pathOf = (address: string): string =>
  address.startsWith('file://') ? decodeURIComponent(new URL(address).pathname) : address

/** The folder that holds these packages beside each other: the repository's, or a `node_modules/@cotangent`. */
const PACKAGES = pathOf(`${import.meta.url.split('/').slice(0, -4).join('/')}/`)

function isInternal(file: string): boolean {
  if (file.startsWith('node:') || /[/\\]node_modules[/\\]@cotangent[/\\]/.test(file)) return true
  if (!file.startsWith(PACKAGES) || /\.test\.[jt]s$/.test(file)) return false
  return /^[^/]+\/(?:src|dist)\//.test(file.slice(PACKAGES.length))
}
