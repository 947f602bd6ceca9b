import type { LayerKind } from '../layer.ts'
import { netKind } from '../net.ts'
import { activationKinds } from './activation.ts'
import { branchesKind, residualKind } from './branches.ts'
import { conv2dKind } from './conv2d.ts'
import { denseKind } from './dense.ts'
import { dropoutKind } from './dropout.ts'
import { flattenKind } from './flatten.ts'
import { batchNormKind, layerNormKind } from './normalization.ts'
import { avgPool2dKind, globalAvgPoolKind, maxPool2dKind } from './pool.ts'

/** The kinds of layers that JSON may name without being given them. */
export const builtInKinds: readonly LayerKind[] = [
  denseKind,
  conv2dKind,
  maxPool2dKind,
  avgPool2dKind,
  globalAvgPoolKind,
  flattenKind,
  ...activationKinds,
  dropoutKind,
  batchNormKind,
  layerNormKind,
  residualKind,
  branchesKind,
  netKind,
]
