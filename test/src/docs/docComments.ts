/** The public doc comments of a package, read from its source. */
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The folder that holds the packages. */
export const PACKAGES = fileURLToPath(new URL('../../../packages/', import.meta.url))

/** One doc comment, without its stars. */
export interface DocComment {
  readonly file: string
  /** The line of the file on which the comment begins. */
  readonly line: number
  /** The exported declaration that the comment stands before or within. */
  readonly name: string
  /** Whether it stands within: the comment of a method or a property. */
  readonly member: boolean
  readonly text: string
}

/** One name that a package exports, and the declaration behind it. */
export interface Export {
  readonly name: string
  readonly file: string
  readonly type: boolean
  /** For `export * as name`: everything exported there. */
  readonly inside?: readonly Export[]
}

/** What the package of this name exports, in the order of its `index.ts`. */
export const exportsOf = (packageName: string): readonly Export[] =>
  exportsOfFile(join(PACKAGES, packageName, 'src/index.ts'))

function exportsOfFile(file: string): readonly Export[] {
  const source = readFileSync(file, 'utf8')
  const declared = [...source.matchAll(DECLARATION)].map(({ groups }): Export => {
    const { kind, name } = groups as { kind: string; name: string }
    return { name, file, type: kind === 'interface' || kind === 'type' }
  })
  const forwarded = [...source.matchAll(FORWARD)].flatMap(({ groups }): readonly Export[] => {
    const { type, names, as, from } = groups as { type?: string; names?: string; as?: string; from: string }
    const target = from.startsWith('.') ? join(dirname(file), from) : indexOf(from)
    const all = exportsOfFile(target)
    if (names === undefined) return as === undefined ? all : [{ name: as, file: target, type: false, inside: all }]
    return names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '')
      .map((name) => {
        const bare = name.replace(/^type /, '')
        const found = all.find((one) => one.name === bare)
        if (found === undefined) throw new Error(`${file}: ${bare} is not found in ${target}`)
        return { ...found, type: found.type || type !== undefined || name !== bare }
      })
  })
  return [...declared, ...forwarded]
}

const DECLARATION =
  /^export (?:declare |abstract )*(?:async )?(?<kind>const|let|function|class|interface|type)\*? (?<name>\w+)/gm
const FORWARD = /^export (?<type>type )?(?:\{(?<names>[^}]*)\}|\*(?: as (?<as>\w+))?) from '(?<from>[^']+)'/gm

const indexOf = (specifier: string): string => join(PACKAGES, specifier.replace('@cotangent/', ''), 'src/index.ts')

/** The doc comments of exported declarations, those of their members included; overloads may have one each. */
export function docCommentsOf(exported: readonly Export[]): readonly DocComment[] {
  const names = new Map<string, Set<string>>()
  const collect = (all: readonly Export[]): void => {
    for (const { name, file, inside } of all) {
      if (inside) collect(inside)
      else names.set(file, (names.get(file) ?? new Set()).add(name))
    }
  }
  collect(exported)
  return [...names].flatMap(([file, wanted]) => commentsIn(file).filter(({ name }) => wanted.has(name)))
}

function commentsIn(file: string): readonly DocComment[] {
  const source = readFileSync(file, 'utf8')
  const declarations = [...source.matchAll(DECLARATION)].map(({ index, groups }) => ({ index, name: groups!.name! }))
  return [...source.matchAll(COMMENT)].flatMap(({ index, 0: comment, groups }): DocComment[] => {
    const member = groups!.indent !== ''
    const declaration = member
      ? declarations.findLast((one) => one.index < index)
      : declarations.find((one) => one.index >= index && source.slice(index + comment.length, one.index).trim() === '')
    if (declaration === undefined) return []
    const line = source.slice(0, index).split('\n').length
    const text = groups!.text!.replace(/^ *\* ?/gm, '').trim()
    return [{ file, line, name: declaration.name, member, text }]
  })
}

const COMMENT = /^(?<indent> *)\/\*\*(?<text>.*?)\*\//gms

/** The examples of a doc comment: what follows each `@example`, up to the next tag. */
export const examplesIn = ({ text }: DocComment): readonly string[] =>
  text
    .split(/^@/m)
    .filter((section) => section.startsWith('example'))
    .map((section) =>
      section
        .replace('example', '')
        .replace(/^```\w*$/gm, '')
        .trim(),
    )

/** The first sentence of a doc comment, on one line. */
export function firstSentence({ text }: DocComment): string {
  const prose = text
    .split(/^@/m)[0]!
    .replace(/\{@link (\w+)\}/g, '`$1`')
    .replace(/\s+/g, ' ')
    .trim()
  return /^.*?\.(?= [A-Z@]|$)/.exec(prose)?.[0] ?? prose
}
