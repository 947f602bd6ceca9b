import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/src/**/*.test.ts', 'test/src/**/*.test.ts'],
    testTimeout: 60_000,
    // By default one core is left idle, which on two is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Test files run side by side already; what is tested with threads has them from the first run on. Code does not depend on times.
    env: { COTANGENT_THREADS: '1', COTANGENT_WAIT_FOR_THREADS: '1', COTANGENT_MICRO_KERNELS: 'wide' },
  },
})
