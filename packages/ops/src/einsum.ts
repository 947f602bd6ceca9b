import {
  type AnyTensor,
  type DType,
  reshape,
  ShapeError,
  shapeText,
  sum,
  type Tensor,
  ValueError,
} from '@cotangent/core'
import { contract } from './contract.ts'
import { transpose } from './movement.ts'
import { slice } from './slice.ts'

/** A tensor whose axes have labels: letters of the equation, or negative numbers for the axes of an ellipsis. */
interface Labelled {
  readonly x: AnyTensor
  readonly labels: readonly Label[]
}

type Label = string | number

/**
 * Einstein's summation: the axes of each operand are named by letters, letters missing on the right are summed over. A letter
 * twice in one operand takes its diagonal; `...` stands for axes that broadcast; without `->` the letters that occur once, in
 * alphabetical order, are the result's.
 *
 * @throws ValueError for an equation that cannot be read; ShapeError for operands that do not fit it.
 * @example
 * // The matrix product, the trace, and the scores of attention heads.
 * einsum('ij,jk->ik', eye(2), tensor([[1, 2], [3, 4]])) // [[1. 2.] [3. 4.]]
 * einsum('ii', tensor([[1, 2], [3, 4]])) // 5.0
 * einsum('bhqd,bhkd->bhqk', ones([1, 2, 3, 4]), ones([1, 2, 5, 4])).shape // [1, 2, 3, 5]
 */
export function einsum<D extends DType>(equation: string, ...operands: readonly Tensor<D>[]): Tensor<D> {
  const { terms, result } = parse(equation, operands)
  let pending = terms.map((labels, index) => diagonals(equation, { x: operands[index]!, labels }))
  checkLengths(equation, pending)
  pending = pending.map((operand) => dropRepeated(operand, pending))
  let [left, ...others] = pending as [Labelled, ...Labelled[]]
  while (others.length > 0) {
    const [right, ...rest] = others as [Labelled, ...Labelled[]]
    const later = new Set<Label>([...result, ...rest.flatMap(({ labels }) => labels)])
    left = multiply(sumAlone(left, right.labels, later), sumAlone(right, left.labels, later), later)
    others = rest
  }
  const folded = sumAlone(left, [], new Set(result))
  const present = result.filter((label) => folded.labels.includes(label))
  const ordered = transpose(
    folded.x,
    present.map((label) => folded.labels.indexOf(label)),
  )
  // Labels that only had length 1 came out of `dropRepeated`: they have length 1 in the result as well.
  return reshape(
    ordered,
    result.map((label) => (present.includes(label) ? ordered.shape[present.indexOf(label)]! : 1)),
  ) as unknown as Tensor<D>
}

function parse(equation: string, operands: readonly AnyTensor[]): { terms: Label[][]; result: Label[] } {
  const [inputs = '', output, ...extra] = equation.replaceAll(' ', '').split('->')
  const subscripts = inputs.split(',')
  if (extra.length > 0 || [...subscripts, output ?? ''].some((term) => !/^[A-Za-z]*(\.\.\.)?[A-Za-z]*$/.test(term))) {
    throw new ValueError(`einsum: the equation "${equation}" cannot be read; write letters for axes, as in "ij,jk->ik"`)
  }
  if (subscripts.length !== operands.length) {
    throw new ValueError(
      `einsum: "${equation}" names ${subscripts.length} operands, ${operands.length} were given; give one for each`,
    )
  }
  const terms = subscripts.map((term, index) => labelsOf(equation, term, operands[index]!))
  const spread = Math.max(0, ...terms.map((labels) => labels.filter((label) => typeof label === 'number').length))
  const ellipsis = Array.from({ length: spread }, (_, back) => back - spread)
  const result =
    output === undefined
      ? [...ellipsis, ...onceOnly(terms)]
      : [...output.replace('...', '.')].flatMap((letter): Label[] => (letter === '.' ? ellipsis : [letter]))
  const unknown = result.find((label) => !terms.some((labels) => labels.includes(label)))
  if (unknown !== undefined)
    throw new ValueError(`einsum: "${equation}" has ${unknown} on the right, which no operand has; remove it`)
  if (new Set(result).size !== result.length)
    throw new ValueError(`einsum: "${equation}" names an axis twice on the right; name each once`)
  return { terms, result }
}

/** The labels of one term; the axes under an ellipsis are numbered −1, −2, … from the last. */
function labelsOf(equation: string, term: string, x: AnyTensor): Label[] {
  const [before = '', after] = term.split('...')
  const named = before.length + (after?.length ?? 0)
  if (after === undefined ? named !== x.rank : named > x.rank) {
    throw new ShapeError(
      `einsum: the term "${term}" of "${equation}" names ${named} axes, its operand has shape ${shapeText(x.shape)}; name every axis`,
    )
  }
  const spread = after === undefined ? 0 : x.rank - named
  return [...before, ...Array.from({ length: spread }, (_, at) => at - spread), ...(after ?? '')]
}

function onceOnly(terms: readonly (readonly Label[])[]): Label[] {
  const letters = terms.flat().filter((label) => typeof label === 'string')
  return letters.filter((letter) => letters.indexOf(letter) === letters.lastIndexOf(letter)).sort()
}

/** The operand with each letter once: repeated ones walk together, along the diagonal. */
function diagonals(equation: string, { x, labels }: Labelled): Labelled {
  const twice = labels.find((label, axis) => labels.indexOf(label) < axis)
  if (twice === undefined) return { x, labels }
  const [first, second] = labels.flatMap((label, axis) => (label === twice ? [axis] : []))
  const length = x.shape[first!]!
  if (length !== x.shape[second!]) {
    throw new ShapeError(
      `einsum: "${equation}" takes a diagonal over ${twice}, whose lengths differ in shape ${shapeText(x.shape)}; both must agree`,
    )
  }
  const others = labels.flatMap((_, axis) => (axis === first || axis === second ? [] : [axis]))
  const kept = others.map((axis) => x.shape[axis]!)
  // In the flat square, neighbours on the diagonal are one row and one column apart.
  const flat = reshape(transpose(x, [...others, first!, second!]), [...kept, length * length])
  const diagonal = slice(flat, { step: [...others.map(() => null), length + 1] })
  return diagonals(equation, { x: diagonal, labels: [...others.map((axis) => labels[axis]!), twice] })
}

function checkLengths(equation: string, operands: readonly Labelled[]): void {
  const lengths = new Map<Label, number>()
  for (const { x, labels } of operands) {
    labels.forEach((label, axis) => {
      const length = x.shape[axis]!
      const before = lengths.get(label) ?? length
      const broadcasts = typeof label === 'number' && (before === 1 || length === 1)
      if (before !== length && !broadcasts) {
        const name = typeof label === 'number' ? 'an axis of the ellipsis' : label
        throw new ShapeError(
          `einsum: "${equation}" gives ${name} the lengths ${before} and ${length} (shapes ${operands.map((one) => shapeText(one.x.shape)).join(' and ')}); axes of one letter must agree`,
        )
      }
      lengths.set(label, Math.max(before, length))
    })
  }
}

/** Without the ellipsis axes of length 1 that broadcast to a longer one. */
function dropRepeated({ x, labels }: Labelled, all: readonly Labelled[]): Labelled {
  const broadcasts = (label: Label, axis: number) =>
    typeof label === 'number' &&
    x.shape[axis] === 1 &&
    all.some((other) => (other.x.shape[other.labels.indexOf(label)] ?? 1) !== 1)
  const kept = labels.flatMap((label, axis) => (broadcasts(label, axis) ? [] : [axis]))
  return {
    x: reshape(
      x,
      kept.map((axis) => x.shape[axis]!),
    ),
    labels: kept.map((axis) => labels[axis]!),
  }
}

/** Sums over the labels that neither the other operand nor anything later has. */
function sumAlone({ x, labels }: Labelled, beside: readonly Label[], later: ReadonlySet<Label>): Labelled {
  const alone = labels.flatMap((label, axis) => (beside.includes(label) || later.has(label) ? [] : [axis]))
  if (alone.length === 0) return { x, labels }
  return { x: sum(x, { axis: alone }), labels: labels.filter((_, axis) => !alone.includes(axis)) }
}

function multiply(left: Labelled, right: Labelled, later: ReadonlySet<Label>): Labelled {
  const all = [...new Set([...left.labels, ...right.labels])]
  const numbered = (labels: readonly Label[]) => labels.map((label) => all.indexOf(label))
  const out = all.filter((label) => later.has(label))
  return {
    x: contract('einsum', left.x, right.x, { a: numbered(left.labels), b: numbered(right.labels), out: numbered(out) }),
    labels: out,
  }
}
