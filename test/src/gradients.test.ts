import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { PACKAGES } from './docs/docComments.ts'
import { operations } from './laws/all.ts'

test('the table of operations names exactly the exported ones; `pnpm gradients --write` writes it anew', () => {
  const page = readFileSync(join(PACKAGES, 'ops/OPERATIONS.md'), 'utf8')
  const named = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!)
  expect(named.sort()).toEqual(operations)
})
