/** The page on defining an operation: its blocks are one program, which prints what the page says. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { compiledModules } from './docs/compiledModules.ts'
import { PACKAGES } from './docs/docComments.ts'
import { type Check, checkedSnippet, expectStated } from './docs/snippet.ts'

const page = readFileSync(join(PACKAGES, 'core/DEFINING.md'), 'utf8')

/** Each block of TypeScript, and the block of output after it. */
const blocks = [...page.matchAll(/^```ts\n(.*?)^```\n(?:```text\n(.*?)\n```$)?/gms)].map(([, code, output]) => ({
  code: code!,
  output: output ?? '',
}))

let errors: string
let program: (check: Check, endOfBlock: () => void) => void
let remove: () => Promise<void>

beforeAll(async () => {
  const compiled = await compiledModules({ page: moduleOf(blocks.map(({ code }) => code)) })
  ;({ errors, remove } = compiled)
  // The module is made below.
  program = compiled.modules[0]!.program as typeof program
})
afterAll(() => remove())

test('the page has blocks of code and of output', () => {
  expect(blocks.length).toBeGreaterThan(5)
  expect(blocks.filter(({ output }) => output !== '').length).toBeGreaterThan(2)
})

test('the program compiles', () => expect(errors).toBe(''))

test('the program prints what the page says', () => {
  const log = vi.spyOn(console, 'log').mockReturnValue()
  const printed: string[] = []
  program(expectStated, () => {
    printed.push(log.mock.calls.flat().join('\n'))
    log.mockClear()
  })
  log.mockRestore()
  expect(printed).toEqual(blocks.map(({ output }) => output))
})

/** The blocks in one function, their imports before it. */
function moduleOf(snippets: readonly string[]): string {
  const imports = snippets.flatMap((code) => code.match(IMPORT) ?? [])
  return [
    ...imports.map((line) => line.replace(/'@cotangent\/(\w+)'/, `'${PACKAGES}$1/src/index.ts'`)),
    'export const program = (check: (see: () => unknown, stated: string) => void, endOfBlock: () => void): void => {',
    ...snippets.flatMap((code) => [checkedSnippet(code.replaceAll(IMPORT, '')), 'endOfBlock()']),
    '}',
  ].join('\n')
}

const IMPORT = /^import .*? from '.*'$/gm
