import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/src/**/*.test.ts', 'test/src/**/*.test.ts'],
    testTimeout: 60_000,
    // Test files run side by side already.
    env: { COTANGENT_THREADS: '1' },
  },
})
