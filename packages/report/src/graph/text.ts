import {
  type AnyTensor,
  type Kernel,
  knownValues,
  type Step,
  shapeText,
  type TensorType,
  type View,
} from '@cotangent/core'

/** Tensors of at most so many elements are shown with them. */
const FEW = 6

/** `[100, 50]`; with the dtype where it is not float32. */
export const typeText = ({ shape, dtype }: TensorType): string =>
  dtype === 'float32' ? shapeText(shape) : `${dtype} ${shapeText(shape)}`

/** The elements of a tensor that has few: `220`, `[0.5,1]`; `undefined` for others, and while they are not known. */
export function valueText(tensor: AnyTensor, most = FEW): string | undefined {
  if (tensor.size > most || tensor.dtype === 'key' || knownValues(tensor) === undefined) return undefined
  return JSON.stringify(tensor.toArray(), (_, value) =>
    typeof value === 'number' ? numberText(value) : value,
  ).replace(/"/g, '')
}

/** Six digits: more than is read in a drawing, and less than float32 has, whose 1.1 is 1.100000023841858. */
const numberText = (value: number): string => String(Number(value.toPrecision(6)))

/** The length of a tensor as a vector, for those that have too many elements to be shown. */
export function normText(tensor: AnyTensor): string {
  let squares = 0
  for (const value of tensor.data) squares += value * value
  return `norm ${Number(Math.sqrt(squares).toPrecision(3))}`
}

const SYMBOLS: Readonly<Record<string, string>> = {
  add: '+',
  sub: '−',
  mul: '×',
  div: '÷',
  less: '<',
  lessEqual: '≤',
  greater: '>',
  greaterEqual: '≥',
  equal: '=',
  notEqual: '≠',
}

/**
 * An operation as it is written in a node, with the constants among its inputs: `×`, `÷ 100`, `where(·, 0, ·)`; and details of
 * kernels that their names do not tell.
 */
export function operationLines(step: Step, constants: readonly (string | undefined)[]): string[] {
  const { name } = step.primitive
  const symbol = SYMBOLS[name]
  const [left, right] = constants
  const shown =
    symbol !== undefined
      ? [left, symbol, right].filter((part) => part !== undefined).join(' ')
      : constants.some((constant) => constant !== undefined)
        ? `${name}(${constants.map((constant) => constant ?? '·').join(', ')})`
        : name
  const kernel = step.inside ? undefined : step.primitive.kernel(step.inputs, step.options)
  const detail = kernel && detailOf(kernel)
  return detail === undefined ? [shown] : [shown, detail]
}

function detailOf(kernel: Kernel): string | undefined {
  switch (kernel.family) {
    case 'contract': {
      const letters = (labels: readonly number[]): string => labels.map((label) => LETTERS[label] ?? '?').join('')
      return `${letters(kernel.a)}, ${letters(kernel.b)} → ${letters(kernel.out)}`
    }
    case 'reduce':
      return kernel.axes.length === 0 ? undefined : `axis ${kernel.axes.join(', ')}`
    case 'view':
      return lookOf(kernel.view)
    case 'scatterView':
      return `adds into ${shapeText(kernel.view.source)}`
    case 'concat':
    case 'scan':
    case 'gather':
    case 'scatterAdd':
      return `axis ${kernel.axis}`
    default:
      return undefined
  }
}

const LETTERS = 'ijklmnopqrstuvwxyzabcdefgh'

/** What a view makes of its source. */
function lookOf({ shape, axes }: View): string | undefined {
  const walked = axes.map(({ source }) => source).filter((source) => source >= 0)
  const windows = axes.flatMap(({ source }, axis) =>
    source >= 0 && walked.indexOf(source) < walked.lastIndexOf(source) && walked.indexOf(source) !== axis
      ? [shape[axis]!]
      : [],
  )
  if (windows.length > 0) return `windows ${windows.join('×')}`
  return walked.some((source, index) => index > 0 && source < walked[index - 1]!)
    ? `axes ${walked.join(', ')}`
    : undefined
}
