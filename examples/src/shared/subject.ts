import { existsSync } from 'node:fs'
import { basename, extname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import {
  type AnyTensor,
  abstractTensor,
  CotangentError,
  mul,
  randomKey,
  type Tensor,
  tensor,
  treeLeaves,
  ValueError,
  zeros,
} from '@cotangent/core'
import { syntheticDigits } from '@cotangent/mnist'
import { type Net, simpleConvNet, type TensorTree, twoLayerNet } from '@cotangent/models'
import { add, reshape } from '@cotangent/ops'
import { nearestOf } from './nearest.ts'

/** A function to draw, and the arguments to draw it for. */
export interface Subject {
  readonly title: string
  readonly f: (...args: readonly unknown[]) => unknown
  readonly args: readonly unknown[]
  readonly names: readonly string[]
  /** What its value is called. */
  readonly result: string
  /** It is drawn as the book draws it, with its gradients below its values. */
  readonly figure?: boolean
}

interface SubjectOptions {
  /** Whether the arguments need values, or shapes are enough. */
  readonly values: boolean
}

/** What can be drawn by name. */
export const SUBJECTS: Readonly<Record<string, (options: SubjectOptions) => Subject>> = {
  'two-layer': (options) => subjectOfNet('TwoLayerNet', twoLayerNet(), options),
  cnn: (options) => subjectOfNet('SimpleConvNet', simpleConvNet(), options),
  'buy-apple': () => ({
    title: 'buy_apple',
    // The figures of chapter 5: two apples at 100, and the tax.
    f: functionOf((apple: Tensor, count: Tensor, tax: Tensor) => mul(mul(apple, count), tax)),
    args: [100, 2, 1.1].map((value) => tensor(value)),
    names: ['apple', 'number', 'tax'],
    result: 'price',
    figure: true,
  }),
  'buy-apple-orange': () => ({
    title: 'buy_apple_orange',
    f: functionOf((apple, apples, orange, oranges, tax) =>
      mul(add(mul(apple!, apples!), mul(orange!, oranges!)), tax!),
    ),
    args: [100, 2, 150, 3, 1.1].map((value) => tensor(value)),
    names: ['apple', 'apples', 'orange', 'oranges', 'tax'],
    result: 'price',
    figure: true,
  }),
}

/**
 * What is drawn under a name or from a module's path, and what the drawing is called.
 *
 * @throws ValueError for what is neither, or a module that does not export what is needed.
 */
export async function subjectOf(what: string, options: SubjectOptions): Promise<Subject> {
  const known = Object.hasOwn(SUBJECTS, what) ? SUBJECTS[what] : undefined
  if (known !== undefined) return known(options)
  if (!existsSync(what)) {
    const names = Object.keys(SUBJECTS)
    const nearest = nearestOf(what, names)
    const instead = nearest === undefined ? `give one, or ${names.join(', ')}` : `did you mean ${nearest}?`
    throw new ValueError(`there is no file ${what}; ${instead}`)
  }
  return subjectOfModule(what)
}

/** The functions here know which arguments they are given. */
const functionOf = (f: (...args: never[]) => Tensor): Subject['f'] => f as Subject['f']

/** The loss of a net for a hundred images. */
function subjectOfNet(title: string, net: Net, { values }: SubjectOptions): Subject {
  const [params, state] = net.init(randomKey(0))
  const shape = [100, ...net.input]
  const digits = values ? syntheticDigits({ seed: 0, count: 100 }) : undefined
  const images = digits ? reshape(digits.images, shape) : abstractTensor(shape, 'float32')
  const labels = digits?.labels ?? zeros([100], { dtype: 'int32' })
  return {
    title,
    f: functionOf(
      (params: TensorTree, images: AnyTensor, labels: AnyTensor) => net.loss(params, state, images, labels)[0],
    ),
    args: [params, images, labels],
    names: ['params', 'images', 'labels'],
    result: 'loss',
  }
}

async function subjectOfModule(path: string): Promise<Subject> {
  const found = await load(path)
  const { default: f, args, names = [] } = found
  if (typeof f !== 'function') {
    throw new ValueError(`${path} exports no function to draw; add export default (w, x) => …`)
  }
  if (!Array.isArray(args) || treeLeaves(args).length === 0) {
    throw new ValueError(
      `${path} exports no arguments to draw its function for; add export const args = [tensor(…), …]`,
    )
  }
  if (!Array.isArray(names) || names.some((name) => typeof name !== 'string')) {
    throw new ValueError(`${path} exports names that are not a list of strings; write export const names = ['w', 'x']`)
  }
  return {
    title: basename(path, extname(path)),
    f: (...given) => calling(path, () => f(...given)),
    args,
    names: args.map((_, index) => names[index] ?? `argument ${index + 1}`),
    result: 'result',
  }
}

async function load(path: string): Promise<Record<string, unknown>> {
  try {
    return await import(pathToFileURL(resolve(path)).href)
  } catch (error) {
    throw new ValueError(`${path} cannot be loaded: ${firstLineOf(error)}`)
  }
}

function calling<R>(path: string, f: () => R): R {
  try {
    return f()
  } catch (error) {
    if (error instanceof CotangentError) throw error
    throw new ValueError(`the function that ${path} exports threw an error: ${firstLineOf(error)}`)
  }
}

const firstLineOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''
