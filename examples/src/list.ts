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
    summary: 'train TwoLayerNet on MNIST, as chapter 4 of "Deep Learning from Scratch" does',
    load: () => import('./two-layer.ts'),
  },
  {
    name: 'gradient-check',
    summary: "compare the tape's gradients with numerical ones, parameter by parameter",
    load: () => import('./gradient-check.ts'),
  },
  {
    name: 'custom-model',
    summary: 'a model of your own, made from operations and one new primitive, trained and checked',
    load: () => import('./custom-model.ts'),
  },
  {
    name: 'digits',
    summary: 'draw a contact sheet of the built-in synthetic digits as a PNG',
    load: () => import('./digits.ts'),
  },
]
