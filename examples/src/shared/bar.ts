import cliProgress from 'cli-progress'
import { clockText, countText, rateText } from './text.ts'

/** How far work has come. */
export interface Progress {
  readonly done: number
  readonly total: number
  /** What to show beside the bar, the most important first: where the terminal is narrow, the last are left out. */
  readonly details: readonly string[]
}

/** A progress bar at the end of a terminal. */
export interface Bar {
  draw(progress: Progress): void
  /** Takes it away, until it is drawn again. */
  hide(): void
}

/** A bar on standard error; none in pipes, in continuous integration, or on a terminal that cannot move its cursor. */
export function openBar(stream: NodeJS.WriteStream = process.stderr, env = process.env): Bar | undefined {
  const integration = !['', '0', 'false'].includes(env.CI ?? '')
  if (!stream.isTTY || integration || env.TERM === 'dumb') return undefined
  const pace = paceMeter()
  let shown: Progress = { done: 0, total: 1, details: [] }
  let perSecond: number | undefined
  const bar = new cliProgress.SingleBar({
    stream,
    // Room is left for the ^C that a terminal shows: on a line of its own it would leave the bar behind.
    format: () => barText(shown, perSecond, (stream.columns || 80) - 3),
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
      shown = progress
      perSecond = pace(progress.done, performance.now() / 1000)
      if (visible) bar.update(progress.done)
      else bar.start(progress.total, progress.done)
      visible = true
    },
    hide,
  }
}

/** How much is done per second; what comes before the first piece of work is done, as compiling it, is not counted. */
export function paceMeter(): (done: number, seconds: number) => number | undefined {
  let begun: number | undefined
  let first: { readonly done: number; readonly seconds: number } | undefined
  return (done, seconds) => {
    begun ??= done
    if (done > begun) first ??= { done, seconds }
    return first && done > first.done && seconds > first.seconds
      ? (done - first.done) / (seconds - first.seconds)
      : undefined
  }
}

/** The narrowest bar that is worth its place. */
const NARROWEST = 6

/**
 * `[████░░░░] 1,234/10,000  loss 0.3012  test 95.12%  1,302/s  0:07 left` in at most `width` characters. Where there is less
 * room, the last of what stands between is left out; before the first of it goes, the bar does.
 */
export function barText({ done, total, details }: Progress, perSecond: number | undefined, width: number): string {
  const pace = perSecond === undefined ? [] : [rateText(perSecond)]
  const left = perSecond !== undefined && done < total ? [`${clockText((total - done) / perSecond)} left`] : []
  const optional = [...details, ...pace]
  const text = (kept: number): string =>
    [`${countText(done)}/${countText(total)}`, ...optional.slice(0, kept), ...left].join('  ')
  const room = (kept: number): number => Math.min(30, width - text(kept).length - 3)
  let kept = optional.length
  while (kept > 1 && room(kept) < NARROWEST) kept--
  if (text(kept).length > width) kept = 0
  if (room(kept) < NARROWEST) return text(kept).slice(0, width)
  const full = Math.round((room(kept) * done) / total)
  return `[${'█'.repeat(full)}${'░'.repeat(room(kept) - full)}] ${text(kept)}`
}
