import type { Command } from 'commander'

/** An example: how it is called, what it shows, and the module that adds its options and its action to a command. */
interface Example {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<{ configure(command: Command): void }>
}

export const EXAMPLES: readonly Example[] = [
  {
    name: 'two-layer',
    summary: 'train TwoLayerNet to read MNIST: start here',
    load: () => import('./two-layer.ts'),
  },
  {
    name: 'gradient-check',
    summary: "the tape's gradients against numerical ones",
    load: () => import('./gradient-check.ts'),
  },
  {
    name: 'custom-model',
    summary: 'a model of your own with a primitive of your own',
    load: () => import('./custom-model.ts'),
  },
  {
    name: 'cnn',
    summary: 'train SimpleConvNet, a convolutional net',
    load: () => import('./cnn.ts'),
  },
  {
    name: 'deep-cnn',
    summary: 'train DeepConvNet, six convolutions deep',
    load: () => import('./deep-cnn.ts'),
  },
  {
    name: 'optimizers',
    summary: 'compare the seven optimisers on one net',
    load: () => import('./optimizers.ts'),
  },
  {
    name: 'weight-init',
    summary: 'what the first weights do to activations',
    load: () => import('./weight-init.ts'),
  },
  {
    name: 'overfit',
    summary: '300 images, weight decay and dropout',
    load: () => import('./overfit.ts'),
  },
  {
    name: 'batch-norm',
    summary: 'training with and without batch normalisation',
    load: () => import('./batch-norm.ts'),
  },
  {
    name: 'digits',
    summary: 'draw the built-in synthetic digits as a PNG',
    load: () => import('./digits.ts'),
  },
]
