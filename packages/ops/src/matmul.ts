import { broadcastShapes, type DType, type Promote, reshape, ShapeError, shapeText, type Tensor } from '@cotangent/core'
import { contract } from './contract.ts'

/**
 * The matrix product, by NumPy's rules: the last two axes are matrices, the axes before them broadcast, and a vector is a row on
 * the left or a column on the right.
 *
 * @throws ShapeError when the inner dimensions differ, the batch axes do not broadcast, or an operand is a scalar.
 * @example
 * matmul(ones([2, 3]), ones([3, 4])).shape // [2, 4]
 */
export function matmul<A extends DType, B extends DType>(a: Tensor<A>, b: Tensor<B>): Tensor<Product<A, B>> {
  const shapes = `${shapeText(a.shape)} · ${shapeText(b.shape)}`
  if (a.rank === 0 || b.rank === 0) throw new ShapeError(`matmul: a scalar is not a matrix, ${shapes}; use mul`)
  const inner = a.shape[a.rank - 1]!
  const across = b.shape[Math.max(b.rank - 2, 0)]!
  if (inner !== across) {
    throw new ShapeError(`matmul: inner dimensions differ, ${shapes}; transpose one operand or check the layer widths`)
  }
  const batch = broadcastShapes('matmul', a.shape.slice(0, -2), b.shape.slice(0, -2))
  const [rows, summed, columns] = [batch.length, batch.length + 1, batch.length + 2]
  const left = batched(a, a.rank === 1 ? [summed] : [rows, summed], batch)
  const right = batched(b, b.rank === 1 ? [summed] : [summed, columns], batch)
  const out = [...batch.keys(), ...(a.rank === 1 ? [] : [rows]), ...(b.rank === 1 ? [] : [columns])]
  // A batch axis of length 1 in both operands is in neither's labels.
  const kept = out.filter((label) => left.labels.includes(label) || right.labels.includes(label))
  const product = contract('matmul', left.x, right.x, { a: left.labels, b: right.labels, out: kept })
  const shape = [
    ...batch,
    ...(a.rank === 1 ? [] : [a.shape[a.rank - 2]!]),
    ...(b.rank === 1 ? [] : [b.shape[b.rank - 1]!]),
  ]
  return reshape(product, shape) as unknown as Tensor<Product<A, B>>
}

/** Products of uint8 and bool are summed in int32. */
type Product<A extends DType, B extends DType> =
  Promote<A, B> extends infer D extends DType ? (D extends 'uint8' | 'bool' ? 'int32' : D) : never

/** An operand without its batch axes of length 1, which broadcast, and the labels of the axes it keeps. */
function batched(x: Tensor<DType>, matrix: readonly number[], batch: readonly number[]) {
  const own = x.shape.slice(0, x.rank - matrix.length)
  const lead = batch.length - own.length
  const kept = own.flatMap((length, axis) => (length === 1 ? [] : [axis]))
  const shape = [...kept.map((axis) => own[axis]!), ...x.shape.slice(own.length)]
  return { x: reshape(x, shape), labels: [...kept.map((axis) => axis + lead), ...matrix] }
}
