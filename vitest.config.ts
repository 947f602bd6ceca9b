import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** What takes longest first, so that nothing of it runs alone in the end: whole programs, and laws of all operations. */
class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    const isLong = ({ moduleId }: TestSpecification) => moduleId.includes('/test/src/')
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

export default defineConfig({
  test: {
    include: ['packages/*/src/**/*.test.ts', 'examples/src/**/*.test.ts', 'test/src/**/*.test.ts'],
    sequence: { sequencer: LongestFirst },
    testTimeout: 60_000,
    // By default one core is left idle, which on two is half of them.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    // Test files run side by side already; what is tested with threads has them from the first run on. Code does not depend on times.
    env: { COTANGENT_THREADS: '1', COTANGENT_WAIT_FOR_THREADS: '1', COTANGENT_MICRO_KERNELS: 'wide' },
  },
})
