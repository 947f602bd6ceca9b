import { type Shape, shapeText, sizeOf } from '@cotangent/core'
import type { Placed } from './layer.ts'

/** What one layer of a net comes to. */
export interface SummaryRow {
  readonly name: string
  /** How many layers it is inside of. */
  readonly depth: number
  /** For one sample. */
  readonly output: Shape
  readonly parameters: number
  readonly multiplyAdds: number
}

/** The layers as a table, layers within layers indented under them, whose counts are theirs together. */
export function summaryOf(input: Shape, placed: readonly Placed[]): string {
  const rows = summaryRows(placed)
  return table([
    ['layer', 'output', 'parameters', 'multiply-adds'],
    ['input', shapeText(input), '', ''],
    ...rows.map(({ name, depth, output, parameters, multiplyAdds }) => [
      '  '.repeat(depth) + name,
      shapeText(output),
      countText(parameters),
      countText(multiplyAdds),
    ]),
    ['total', '', countText(summaryTotal(rows, 'parameters')), countText(summaryTotal(rows, 'multiplyAdds'))],
  ])
}

/** A row for each layer, followed by those of the layers that it is made of, whose counts are in its own. */
export const summaryRows = (placed: readonly Placed[]): SummaryRow[] => placed.flatMap((one) => rowsOf(one, 0))

/** What all layers come to together; layers within others are counted in theirs. */
export const summaryTotal = (rows: readonly SummaryRow[], what: 'parameters' | 'multiplyAdds'): number =>
  rows.reduce((sum, row) => sum + (row.depth === 0 ? row[what] : 0), 0)

/** The layer's own row, then those of the layers it is made of. */
function rowsOf(
  { name, layer: { kind, options }, input, output }: Placed,
  depth: number,
): [SummaryRow, ...SummaryRow[]] {
  const inside = kind.inside?.(input, options).map((one) => rowsOf(one, depth + 1)) ?? []
  const parameters = Object.values(kind.parameters?.(input, options) ?? {})
  const own: SummaryRow = {
    name,
    depth,
    output,
    parameters: inside.reduce(
      (sum, [top]) => sum + top.parameters,
      parameters.reduce((sum, { shape }) => sum + sizeOf(shape), 0),
    ),
    multiplyAdds: inside.reduce(
      (sum, [top]) => sum + top.multiplyAdds,
      kind.multiplyAdds?.(input, output, options) ?? 0,
    ),
  }
  return [own, ...inside.flat()]
}

const countText = (count: number): string => `${count}`.replace(/\B(?=(\d{3})+$)/g, ',')

/** Columns aligned: names and shapes to the left, numbers to the right; a rule under the head and above the total. */
function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const lines = rows.map((row) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!)))
      .join('   ')
      .trimEnd(),
  )
  const line = widths.map((width) => '─'.repeat(width)).join('───')
  return [lines[0], line, ...lines.slice(1, -1), line, lines.at(-1)].join('\n')
}
