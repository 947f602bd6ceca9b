/** Snippets of TypeScript from documentation as code that checks the values stated in their comments. */
import { expect } from 'vitest'

/** What a checked statement calls: with the value, and what the comment says it prints. */
export type Check = (see: () => unknown, stated: string) => void

/**
 * The snippet's statements, with a call of `check` for each that ends in a comment:
 *
 * - `expression // value` states what the expression's value prints as, `throws Name` the class of the error thrown;
 * - `const a = … // value` states the declared value, `const [a, b] = … // 1, 2` several;
 * - `const net = … // Net<[784], [10]>` states a type, for the compiler.
 *
 * A comment on a line of its own is prose.
 */
export function checkedSnippet(snippet: string): string {
  return statementsOf(snippet).map(checkedStatement).join('\n')
}

/** A statement begins on each line that is neither indented nor begins with a closing bracket. */
function statementsOf(snippet: string): readonly string[] {
  const statements: string[][] = []
  for (const line of snippet.split('\n')) {
    if (/^\s*(\/\/.*)?$/.test(line)) continue
    if (/^[\s)\]}]/.test(line)) statements.at(-1)!.push(line)
    else statements.push([line])
  }
  return statements.map((lines) => lines.join('\n'))
}

function checkedStatement(statement: string): string {
  const [, code, stated] = /^(.*\S)\s+\/\/ (.+)$/s.exec(statement) ?? [undefined, statement, undefined]
  if (stated === undefined) return DECLARES.test(code!) || BLOCK.test(code!) ? code! : `;(${code})`
  const pattern = DECLARES.exec(code!)?.[1]
  if (pattern === undefined) return `check(() => (${code}), ${JSON.stringify(stated)})`
  const names = pattern.match(/\w+/g)!
  if (/^Net</.test(stated)) return `${code}\n;${names[0]} satisfies ${stated}`
  return `${code}\ncheck(() => [${names.join(', ')}], ${JSON.stringify(`[${stated}]`)})`
}

const DECLARES = /^const ([\w\s,[\]{}]+?)(?::[^=]+(?:=>[^=]+)?)? = /
const BLOCK = /^(for|if|import|function|interface|type|await) ?/

/** Fails unless a value prints as stated, or the error that is stated is thrown. */
export const expectStated: Check = (see, stated) => {
  const [, name] = /^throws (\w+)$/.exec(stated) ?? []
  if (name === undefined) expect(printed(see())).toBe(stated)
  else expect(see).toThrow(expect.objectContaining({ name }))
}

/** What a value prints as on one line: tensors as they do on the console, objects and lists as one would write them. */
function printed(value: unknown): string {
  if (typeof value === 'string') return `'${value}'`
  if (Array.isArray(value)) return `[${value.map(printed).join(', ')}]`
  if (typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype) {
    return `{ ${Object.entries(value)
      .map(([key, entry]) => `${key}: ${printed(entry)}`)
      .join(', ')} }`
  }
  return String(value).replace(/\s*\n\s*/g, ' ')
}
