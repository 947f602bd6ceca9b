import { styleText } from 'node:util'

export type Format = 'bold' | 'dim' | 'red'

/** The text in a colour or weight. */
export const painted = (format: Format, text: string): string => styleText(format, text, { validateStream: false })

/** The text painted where the stream is a terminal that shows colours: never in pipes, with NO_COLOR or on dumb terminals. */
export const paintedFor = (stream: NodeJS.WriteStream, format: Format, text: string): string =>
  stream.isTTY && stream.hasColors() ? painted(format, text) : text
