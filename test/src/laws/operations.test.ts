import { describe, expect, test } from 'vitest'
import { forCalls, loadLaws, operations } from './all.ts'
import { convention, GRADIENT_LAWS, VALUE_LAWS } from './check.ts'

const laws = await loadLaws()

test('every exported operation has a law, and every law an exported operation', () => {
  expect([...laws.keys()].sort()).toEqual(operations)
})

describe.each([...laws])('%s', (operation, law) => {
  const checks = Object.entries(law.orders === 0 ? VALUE_LAWS : { ...VALUE_LAWS, ...GRADIENT_LAWS })
  test.each(checks)('%s', (_, check) => forCalls(operation, law, 50, (call) => check(law, call)))

  if (law.conventions) {
    test.each(law.conventions.map((stated) => [stated.says, stated] as const))('%s', (_, stated) =>
      convention(law, stated),
    )
  }
})
