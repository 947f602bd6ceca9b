import type { Tensor } from '@cotangent/core'
import { loadMnist, MnistUnreachableError, syntheticDigits } from '@cotangent/mnist'
import type { DataOptions } from './options.ts'

/** Images as uint8 [N, 784] (or [N, 1, 28, 28]) and labels as int32 [N]. */
export interface Split {
  readonly images: Tensor<'uint8'>
  readonly labels: Tensor<'int32'>
}

export interface Digits {
  /** What results on them are called. */
  readonly name: 'MNIST' | 'synthetic digits'
  readonly train: Split
  readonly test: Split
}

/** How many synthetic digits stand in for MNIST's 60,000 and 10,000. */
const COUNTS = { train: 60_000, test: 10_000 }

/** The digits that `--data` asks for; `notice` hears in one line when MNIST cannot be had and synthetic digits take its place. */
export async function loadDigits(options: DataOptions, flatten: boolean, notice: (line: string) => void): Promise<Digits> {
  if (options.data === 'synthetic') return drawDigits(flatten)
  try {
    const { train, test } = await loadMnist({ dir: options.dataDir, normalize: false, flatten, onNotice: notice })
    return { name: 'MNIST', train, test }
  } catch (error) {
    if (options.data === 'mnist' || !(error instanceof MnistUnreachableError)) throw error
    notice(
      'MNIST cannot be reached (no files here, no network): training on the built-in synthetic digits instead, whose results are not MNIST results.',
    )
    return drawDigits(flatten)
  }
}

function drawDigits(flatten: boolean): Digits {
  const draw = (seed: number, count: number) => syntheticDigits({ seed, count, normalize: false, flatten })
  return { name: 'synthetic digits', train: draw(1, COUNTS.train), test: draw(2, COUNTS.test) }
}
