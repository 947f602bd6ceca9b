import cliProgress from 'cli-progress'
import { countText, durationText } from './text.ts'

/** How far work has come. */
export interface Progress {
  readonly done: number
  readonly total: number
  /** What to show beside the bar, the most important first: where the terminal is narrow, the last are left out. */
  readonly details: readonly string[]
}

/**
 * Where an example says what it does: lines for people, or JSON lines for programs, on standard output; notices, and a progress
 * bar where it is a terminal, on standard error.
 */
export interface Screen {
  /** Whether a bar is drawn. */
  readonly drawn: boolean
  /** A line for people. */
  print(line: string): void
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
    print: (line) => {
      if (!json) above(() => console.log(fitted(line, process.stdout)))
    },
    emit: (record) => {
      if (json) above(() => console.log(JSON.stringify(record)))
    },
    notice: (line) => above(() => console.error(fitted(line, process.stderr))),
    progress: (progress) => bar?.draw(progress),
    close: () => bar?.hide(),
  }
}

const fitted = (line: string, stream: NodeJS.WriteStream): string =>
  stream.isTTY ? wrapText(line, stream.columns || 80) : line

/** The line broken between words, where it is longer than `width`. */
export function wrapText(line: string, width: number): string {
  const at = line.lastIndexOf(' ', width)
  return line.length <= width || at <= 0 ? line : `${line.slice(0, at)}\n${wrapText(line.slice(at + 1), width)}`
}

interface Bar {
  draw(progress: Progress): void
  hide(): void
}

/** No bar in pipes, in continuous integration, or on a terminal that cannot move its cursor. */
function openBar(): Bar | undefined {
  if (!process.stderr.isTTY || process.env.CI || process.env.TERM === 'dumb') return undefined
  let shown: Progress = { done: 0, total: 1, details: [] }
  let begin: number | undefined
  const bar = new cliProgress.SingleBar({
    stream: process.stderr,
    // Room is left for the ^C that a terminal shows: on a line of its own it would leave the bar behind.
    format: () => barText(shown, (performance.now() - (begin ?? 0)) / 1000, (process.stderr.columns || 80) - 3),
    clearOnComplete: true,
    // The terminal keeps its own settings: a program that is killed could not put them back.
    linewrap: true,
    gracefulExit: false,
  })
  let visible = false
  const hide = (): void => {
    if (visible) bar.stop()
    visible = false
  }
  process.once('exit', hide)
  return {
    draw: (progress) => {
      begin ??= performance.now()
      shown = progress
      if (visible) bar.update(progress.done)
      else bar.start(progress.total, progress.done)
      visible = true
    },
    hide,
  }
}

/** `[████░░░░] 1,234/10,000  loss 0.3012  1 min 2 s left` in at most `width` characters. */
export function barText({ done, total, details }: Progress, seconds: number, width: number): string {
  const left = done > 0 && done < total ? [`${durationText((seconds * (total - done)) / done)} left`] : []
  for (let kept = details.length; ; kept--) {
    const text = [`${countText(done)}/${countText(total)}`, ...details.slice(0, kept), ...left].join('  ')
    const room = Math.min(30, width - text.length - 3)
    if (room < 6 && kept > 0) continue
    if (room < 6) return text.slice(0, width)
    const full = Math.round((room * done) / total)
    return `[${'█'.repeat(full)}${'░'.repeat(room - full)}] ${text}`
  }
}
