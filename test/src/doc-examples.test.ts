/** The examples of all public doc comments compile, run, and give the values that they state (docs/snippet.ts says how). */
import { relative } from 'node:path'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { compiledModules } from './docs/compiledModules.ts'
import { docCommentsOf, examplesIn, exportsOf, PACKAGES } from './docs/docComments.ts'
import { type Check, checkedSnippet, expectStated } from './docs/snippet.ts'

const NAMES = ['core', 'ops', 'mnist', 'models', 'train', 'compile', 'io', 'report']

/** Examples that are compiled but not run, by what they belong to, and why. */
const NOT_RUN: Readonly<Record<string, string>> = {
  writeReport: 'writes a file',
  loadMnist: 'reads the files of MNIST, or downloads them',
  createRun: 'writes a folder',
  openRun: 'goes on with what is in a folder',
}

const exported = new Map(NAMES.map((name) => [name, exportsOf(name)]))
const packages = NAMES.map((name) => ({ name, examples: examplesOf(name) }))

let errors: string
let modules: readonly Readonly<Record<string, unknown>>[]
let remove: () => Promise<void>

beforeAll(async () => {
  ;({ errors, modules, remove } = await compiledModules(
    Object.fromEntries(packages.map(({ name, examples }) => [name, moduleOf(name, examples)])),
  ))
  vi.spyOn(console, 'log').mockReturnValue()
})
afterAll(() => remove())

test('every example compiles', () => expect(errors).toBe(''))

test('every example that is not run exists', () => {
  const names = packages.flatMap(({ examples }) => examples.map((example) => example.name))
  expect(names).toEqual(expect.arrayContaining(Object.keys(NOT_RUN)))
})

describe.each(packages.map(({ name, examples }, index) => [name, examples, index] as const))(
  '%s',
  (_, examples, at) => {
    test('has examples', () => expect(examples.length).toBeGreaterThan(0))

    for (const [index, { name, place }] of examples.entries()) {
      test.skipIf(name in NOT_RUN)(`${name} (${place})`, async () => {
        const all = modules[at]!.examples as readonly ((check: Check) => Promise<void>)[]
        await all[index]!(expectStated)
      })
    }
  },
)

interface Example {
  /** The exported declaration that the example belongs to. */
  readonly name: string
  readonly place: string
  readonly code: string
}

function examplesOf(packageName: string): readonly Example[] {
  // What a package exports from another one is that one's.
  const own = exported.get(packageName)!.filter(({ file }) => file.startsWith(`${PACKAGES}${packageName}/`))
  return docCommentsOf(own).flatMap((comment) =>
    examplesIn(comment).map((code) => ({
      name: comment.name,
      place: `${relative(PACKAGES, comment.file)}:${comment.line}`,
      code,
    })),
  )
}

/** A module with one function an example. All that any package exports is in scope, of equal names the example's own package's. */
function moduleOf(packageName: string, examples: readonly Example[]): string {
  const taken = new Set<string>()
  const imports = [packageName, ...NAMES].map((name) => {
    const fresh = exported.get(name)!.filter((one) => !taken.has(one.name))
    for (const one of fresh) taken.add(one.name)
    const names = new Set(fresh.map((one) => (one.type ? `type ${one.name}` : one.name)))
    return `import { ${[...names].join(', ')} } from '${PACKAGES}${name}/src/index.ts'`
  })
  const functions = examples.map(({ place, code }) => `async (check) => { // ${place}\n${checkedSnippet(code)}\n},`)
  return [
    ...imports,
    'type Check = (see: () => unknown, stated: string) => void',
    'export const examples: readonly ((check: Check) => Promise<void>)[] = [',
    ...functions,
    ']',
  ].join('\n')
}
