/** The README's model of one's own compiles, checks its gradients, and learns. */
import { readFileSync } from 'node:fs'
import { expect, test, vi } from 'vitest'
import { compiledModules } from './docs/compiledModules.ts'
import { PACKAGES } from './docs/docComments.ts'

test('the model of the README compiles, its gradients are right, and it learns', async () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const [, code] = /^```ts\n(.*?)^```$/ms.exec(readme)!
  const imports = code!.match(IMPORT) ?? []
  const model = [
    ...imports.map((line) => line.replace(/'@cotangent\/(\w+)'/, `'${PACKAGES}$1/src/index.ts'`)),
    `export const program = () => {\n${code!.replaceAll(IMPORT, '')}\n}`,
  ].join('\n')
  const { errors, modules, remove } = await compiledModules({ model })
  try {
    expect(errors).toBe('')
    const log = vi.spyOn(console, 'log').mockReturnValue()
    // The module is made above.
    ;(modules[0] as { readonly program: () => void }).program()
    const [[report] = [], ...steps] = log.mock.calls
    log.mockRestore()
    expect(report.ok).toBe(true)
    expect(steps.length).toBe(5)
    expect(steps.at(-1)![1]).toBeLessThan(0.2 * steps[0]![1])
  } finally {
    await remove()
  }
})

const IMPORT = /^import .*? from '.*'$/gm
