import cliProgress from 'cli-progress'

/** A bar on a terminal; bytes in, megabytes shown. */
export interface ProgressBar {
  readonly update: (received: number, total: number | undefined) => void
  readonly close: () => void
}

/** Draws a bar named `label` on `stream`, a terminal. It stays there, at what was reached, once closed. */
export function openProgressBar(label: string, stream: NodeJS.WritableStream): ProgressBar {
  const bar = new cliProgress.SingleBar({
    stream,
    format: '{label} [{bar}] {percentage} %  {value}/{total} MB  {eta_formatted}',
    barsize: 24,
    emptyOnZero: true,
    barCompleteChar: '█',
    barIncompleteChar: '░',
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? (value / 1e6).toFixed(1) : `${value}`,
    // Wrapping and Ctrl-C stay as the terminal and the program have them: a killed program could not put them back.
    linewrap: true,
    gracefulExit: false,
  })
  bar.start(0, 0, { label })
  return {
    update: (received, total) => {
      bar.setTotal(total ?? received)
      bar.update(received)
    },
    close: () => bar.stop(),
  }
}
