/**
 * What a computation is drawn as: plain data between what is drawn (a tape, a plan) and how (DOT).
 */
export interface Drawing {
  readonly title: string
  /** What the colours mean. */
  readonly legend: DrawnEdge['lines']
  /** From top to bottom, or from left to right as the book's figures. */
  readonly direction: 'down' | 'right'
  readonly nodes: readonly DrawnNode[]
  readonly edges: readonly DrawnEdge[]
}

/** What something is a part of: it decides on the colour. */
export type Role = 'forward' | 'backward' | 'update' | 'parameter' | 'data'

export interface DrawnNode {
  readonly id: string
  readonly role: Role
  readonly shape: 'circle' | 'box' | 'tab' | 'plain'
  /** The first is the name, those below it are small. */
  readonly lines: readonly string[]
  /** The boxes around it, joined by `/`. */
  readonly scope: string
}

export interface DrawnEdge {
  readonly from: string
  readonly to: string
  readonly role: Role
  readonly lines: readonly { readonly text: string; readonly role: Role }[]
  /** It runs against the drawing's direction: what a reverse sweep hands on flows back beside the layers it came through. */
  readonly against: boolean
  /** It leads from one box to another. */
  readonly across: boolean
  /** It has no say in where its ends are placed. */
  readonly loose: boolean
}

/** The parts that a drawing has. */
export const legendOf = (nodes: readonly DrawnNode[]): Drawing['legend'] =>
  (['forward', 'backward', 'update', 'parameter'] as const)
    .filter((role) => nodes.some((node) => node.role === role))
    .map((role) => ({ text: role === 'parameter' ? 'parameters' : role, role }))
