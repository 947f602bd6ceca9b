import { PassThrough } from 'node:stream'

interface TerminalOptions {
  readonly columns: number
  readonly isTTY: boolean
  readonly colors?: boolean
}

/** A stream like that of a terminal, and what was written to it so far. */
export function terminal({ columns, isTTY, colors = true }: TerminalOptions) {
  let text = ''
  const pass = new PassThrough().setEncoding('utf8').on('data', (part: string) => {
    text += part
  })
  const written = (): string => {
    pass.read()
    return text
  }
  // Only these properties of a terminal are asked for.
  const stream = Object.assign(pass, { columns, isTTY, hasColors: () => colors }) as unknown as NodeJS.WriteStream
  return { stream, written }
}
