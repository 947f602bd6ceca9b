import type { Command } from 'commander'

/** An example: how it is called, what it shows, and the module that adds its options and its action to a command. */
interface Example {
  readonly name: string
  readonly summary: string
  readonly load: () => Promise<{ configure(command: Command): void }>
}

/** Examples that belong together, under one heading of the list. */
interface Group {
  readonly heading: string
  readonly examples: readonly Example[]
}

/** All examples, in the order in which they are listed. */
export const GROUPS: readonly Group[] = [
  {
    heading: 'Train a net',
    examples: [
      {
        name: 'two-layer',
        summary: 'TwoLayerNet learns to read MNIST: start here',
        load: () => import('./two-layer.ts'),
      },
      {
        name: 'deep-cnn',
        summary: 'DeepConvNet, six convolutions deep',
        load: () => import('./deep-cnn.ts'),
      },
    ],
  },
  {
    heading: 'Learn how it works, in ten lessons',
    examples: [
      {
        name: 'derivative',
        summary: '1: a derivative, read off a tape',
        load: () => import('./derivative.ts'),
      },
      {
        name: 'nested-gradients',
        summary: '2: gradients of gradients, and a Hessian',
        load: () => import('./nested-gradients.ts'),
      },
      {
        name: 'custom-model',
        summary: '3: a primitive of your own, checked, in a model',
        load: () => import('./custom-model.ts'),
      },
      {
        name: 'apples',
        summary: "4: the book's apples and oranges",
        load: () => import('./apples.ts'),
      },
      {
        name: 'by-hand',
        summary: '5: TwoLayerNet from nothing but operations',
        load: () => import('./by-hand.ts'),
      },
      {
        name: 'declarative',
        summary: '6: the same net as layers, trained by fit',
        load: () => import('./declarative.ts'),
      },
      {
        name: 'cnn',
        summary: '7: SimpleConvNet, a convolutional net',
        load: () => import('./cnn.ts'),
      },
      {
        name: 'compile',
        summary: '8: a step compiled, and what it says of itself',
        load: () => import('./compile.ts'),
      },
      {
        name: 'save-and-resume',
        summary: '9: stop, and go on to the same bits',
        load: () => import('./save-and-resume.ts'),
      },
      {
        name: 'hand-over',
        summary: '10: safetensors, NumPy, ONNX, WebAssembly, and back',
        load: () => import('./hand-over.ts'),
      },
    ],
  },
  {
    heading: 'Compare ways to train',
    examples: [
      {
        name: 'optimizers',
        summary: 'seven optimisers on one net',
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
    ],
  },
  {
    heading: 'Use what was learnt',
    examples: [
      {
        name: 'predict',
        summary: 'a kept net reads a digit in a PNG',
        load: () => import('./predict.ts'),
      },
      {
        name: 'evaluate',
        summary: 'test accuracy and confusions of a kept net',
        load: () => import('./evaluate.ts'),
      },
      {
        name: 'export',
        summary: 'a kept net as ONNX, WebAssembly or safetensors',
        load: () => import('./export.ts'),
      },
    ],
  },
  {
    heading: 'Look inside',
    examples: [
      {
        name: 'graph',
        summary: 'a tape or a compiled program drawn as SVG',
        load: () => import('./graph.ts'),
      },
      {
        name: 'gradient-check',
        summary: "the tape's gradients against numerical ones",
        load: () => import('./gradient-check.ts'),
      },
      {
        name: 'digits',
        summary: 'draw the built-in synthetic digits as a PNG',
        load: () => import('./digits.ts'),
      },
    ],
  },
]

export const EXAMPLES: readonly Example[] = GROUPS.flatMap(({ examples }) => examples)
