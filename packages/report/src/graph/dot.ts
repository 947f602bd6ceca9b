import type { Drawing, DrawnEdge, DrawnNode, Role } from './drawing.ts'
import { FRAME, INK, ROLES } from './palette.ts'

const FONT = 'Helvetica,Arial,sans-serif'

/** A drawing in Graphviz' DOT language: the same text for the same drawing. */
export function dotOf(drawing: Drawing): string {
  const { title, direction, nodes, edges } = drawing
  const down = direction === 'down'
  return [
    `digraph ${quoted(title)} {`,
    `  graph [rankdir=${down ? 'TB' : 'LR'}, bgcolor=transparent, nodesep=0.3, ranksep=${down ? 0.3 : 0.5}, pad=0.2,`,
    `    fontname="${FONT}", fontsize=16, fontcolor="${INK.light}", labelloc=t, label=${titleOf(drawing)}]`,
    `  node [fontname="${FONT}", fontsize=12, fontcolor="${INK.light}", shape=box, height=0.3, margin="0.17,0.04"]`,
    `  edge [fontname="${FONT}", fontsize=10, arrowsize=0.6]`,
    ...clusterLines(nodes, 1),
    ...edges.map((edge) => `  ${edgeText(edge)}`),
    '}',
    '',
  ].join('\n')
}

/** The title, and below it what the colours mean, where there are several. */
function titleOf({ title, legend }: Drawing): string {
  const cells = legend.map(({ text, role }) => `<TD>${GAP}${coloured(text, role)}${GAP}</TD>`).join('')
  const below =
    legend.length < 2
      ? ''
      : `<TR><TD><FONT POINT-SIZE="12"><TABLE BORDER="0" CELLSPACING="6"><TR>${cells}</TR></TABLE></FONT></TD></TR>`
  return `<<TABLE BORDER="0"><TR><TD><B>${escaped(title)}</B></TD></TR>${below}</TABLE>>`
}

/** Nodes, those of one scope in a box with its name. */
function clusterLines(nodes: readonly DrawnNode[], depth: number): string[] {
  const indent = '  '.repeat(depth)
  const inner = new Map<string, DrawnNode[]>()
  const lines: string[] = []
  for (const node of nodes) {
    const name = node.scope.split('/').slice(0, depth).join('/')
    const members = inner.get(name)
    if (node.scope.split('/').length < depth || node.scope === '') lines.push(`${indent}${nodeText(node)}`)
    else if (members) members.push(node)
    else inner.set(name, [node])
  }
  for (const [path, members] of inner) {
    lines.push(
      `${indent}subgraph ${quoted(`cluster_${path}`)} {`,
      `${indent}  graph [label=${quoted(path.split('/').at(-1) ?? path)}, labeljust=l, fontsize=12,`,
      `${indent}    style="rounded,filled", color="${FRAME.line.light}", fillcolor="${FRAME.fill.light}", margin=10]`,
      ...clusterLines(members, depth + 1),
      `${indent}}`,
    )
  }
  return lines
}

function nodeText({ id, role, shape, lines }: DrawnNode): string {
  const { line, fill } = ROLES[role]
  const label = `label=${quoted(...lines)}`
  if (shape === 'plain') return `${id} [${label}, shape=plaintext, fontcolor="${line.light}"]`
  return `${id} [${label}, ${OUTLINES[shape]}, color="${line.light}", fillcolor="${fill.light}"]`
}

const OUTLINES = {
  circle: 'shape=circle, style=filled, width=0.36, fixedsize=true, fontsize=16',
  box: 'style="rounded,filled"',
  tab: 'style=filled',
} as const

function edgeText({ from, to, role, lines, against, loose, across }: DrawnEdge): string {
  const attributes = [
    `color="${ROLES[role].line.light}"`,
    ...(lines.length > 0 ? labelOf(lines) : []),
    // The layout puts what an edge comes from above what it leads to, so an edge that flows up is turned round and drawn from its end.
    ...(against ? [`dir=back, minlen=${across ? 2 : 1}`] : []),
    ...(loose ? ['constraint=false, style=dashed'] : []),
  ].join(', ')
  return `${against ? `${to} -> ${from}` : `${from} -> ${to}`} [${attributes}]`
}

/** Between text and the edge beside it. */
const GAP = '\u00a0'

/** Plain text is centred by whoever shows it, in whatever font there is; only lines of several colours need a dialect of HTML. */
function labelOf(lines: DrawnEdge['lines']): string[] {
  const [first] = lines
  if (lines.every(({ role }) => role === first?.role)) {
    return [
      `fontcolor="${ROLES[first!.role].line.light}"`,
      `label=${quoted(...lines.map(({ text }) => `${GAP}${text}${GAP}`))}`,
    ]
  }
  return [`label=<${lines.map(({ text, role }) => `${GAP}${coloured(text, role)}${GAP}`).join('<BR/>')}>`]
}

const coloured = (text: string, role: Role): string => `<FONT COLOR="${ROLES[role].line.light}">${escaped(text)}</FONT>`

/** Characters that XML does not have, and Graphviz refuses. */
const FOREIGN = /[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu

const escaped = (text: string): string =>
  text
    .replace(FOREIGN, ' ')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')

/** Lines as a quoted string. Graphviz reads HTML entities within it as well. */
const quoted = (...lines: readonly string[]): string =>
  `"${lines.map((line) => line.replace(FOREIGN, ' ').replaceAll('&', '&amp;').replace(/["\\]/g, '\\$&')).join('\\n')}"`
