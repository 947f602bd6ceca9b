import { openBar, type Progress } from './bar.ts'
import { type Format, paintedFor } from './style.ts'

/**
 * Where an example says what it does: lines for people, or JSON lines for programs, on standard output; notices, and a progress
 * bar where it is a terminal, on standard error.
 */
export interface Screen {
  /** Whether a bar is drawn. */
  readonly drawn: boolean
  /** The columns that a line for people has. */
  readonly width: number
  /** A line for people. */
  print(line: string, format?: Format): void
  /** A line for programs. */
  emit(record: object): void
  notice(line: string): void
  progress(progress: Progress): void
  /** Takes the bar away. */
  close(): void
}

/** Opens the one screen of an example. */
export function openScreen({ json = false }: { readonly json?: boolean | undefined }): Screen {
  const bar = openBar()
  const above = (write: () => void): void => {
    bar?.hide()
    write()
  }
  return {
    drawn: bar !== undefined,
    get width() {
      return process.stdout.columns || 80
    },
    print: (line, format) => {
      if (!json) above(() => console.log(fitted(line, process.stdout, format)))
    },
    emit: (record) => {
      if (json) above(() => console.log(JSON.stringify(record)))
    },
    notice: (line) => above(() => console.error(fitted(line, process.stderr))),
    progress: (progress) => bar?.draw(progress),
    close: () => bar?.hide(),
  }
}

/** A line as a stream shows it: broken between words on a terminal that is narrower. */
export function fitted(line: string, stream: NodeJS.WriteStream, format?: Format): string {
  const wrapped = stream.isTTY ? wrapText(line, stream.columns || 80) : line
  return format === undefined ? wrapped : paintedFor(stream, format, wrapped)
}

/** The line broken between words, where it is longer than `width`; one that is indented, a row or a command, stays whole. */
export function wrapText(line: string, width: number): string {
  const at = line.startsWith(' ') ? -1 : line.lastIndexOf(' ', width)
  return line.length <= width || at <= 0 ? line : `${line.slice(0, at)}\n${wrapText(line.slice(at + 1), width)}`
}
