import { type Shape, shapeText, sizeOf } from '@cotangent/core'
import type { Placed } from './layer.ts'

interface Row {
  readonly name: string
  readonly shape: string
  readonly parameters: number
  readonly multiplyAdds: number
}

/** The layers as a table, layers within layers indented under them, whose counts are theirs together. */
export function summaryOf(input: Shape, placed: readonly Placed[]): string {
  const rows = placed.map((one) => rowsOf(one, ''))
  const tops = rows.map(([top]) => top)
  const total = (pick: 'parameters' | 'multiplyAdds') => tops.reduce((sum, row) => sum + (row?.[pick] ?? 0), 0)
  return table([
    ['layer', 'output', 'parameters', 'multiply-adds'],
    ['input', shapeText(input), '', ''],
    ...rows.flat().map((row) => [row.name, row.shape, countText(row.parameters), countText(row.multiplyAdds)]),
    ['total', '', countText(total('parameters')), countText(total('multiplyAdds'))],
  ])
}

/** The layer's own row, then those of the layers it is made of. */
function rowsOf({ name, layer: { kind, options }, input, output }: Placed, indent: string): [Row, ...Row[]] {
  const inside = kind.inside?.(input, options).map((one) => rowsOf(one, `${indent}  `)) ?? []
  const parameters = Object.values(kind.parameters?.(input, options) ?? {})
  const own: Row = {
    name: indent + name,
    shape: shapeText(output),
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

const countText = (count: number): string => count.toLocaleString('en-US')

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
