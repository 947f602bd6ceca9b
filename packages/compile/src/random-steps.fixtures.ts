/** Random steps on carried state: every family of kernels, values that are used late and often, states that change places. */
import { type AnyTensor, type Tensor, tensor } from '@cotangent/core'
import {
  add,
  concat,
  conv2d,
  cos,
  cumsum,
  div,
  exp,
  expandDims,
  matmul,
  max,
  maximum,
  mean,
  mul,
  neg,
  pad,
  reshape,
  scatterAdd,
  sin,
  slice,
  softmax,
  square,
  squeeze,
  sub,
  sum,
  take,
  tanh,
  transpose,
} from '@cotangent/ops'
import fc from 'fast-check'
import { integers } from './exact.fixtures.ts'

/** A square matrix that the step carries, or is given. */
export type Matrix = Tensor
export type State = readonly [Matrix, Matrix, { readonly flat: Matrix }]

/** A step as plain data: operations on earlier values, which are named by how far back they are. */
export interface RandomStep {
  readonly size: number
  readonly operations: readonly { readonly operation: number; readonly a: number; readonly b: number }[]
  /** Which values become the next state, and which are given back, some of them under another shape. */
  readonly next: readonly [number, number, number]
  readonly metrics: readonly { readonly value: number; readonly flat: boolean }[]
}

/** From matrices to a matrix of the same size, whose elements stay small. */
const OPERATIONS: readonly ((a: Matrix, b: Matrix, indices: Tensor<'int32'>) => AnyTensor)[] = [
  (a, b) => add(a, b),
  (a, b) => sub(tanh(a), tanh(b)),
  (a, b) => mul(sin(a), b),
  (a, b) => maximum(a, neg(b)),
  (a) => exp(sin(a)),
  (a) => tanh(square(a)),
  (a) => mul(a, 0.5),
  (a) => transpose(a),
  (a, b) => matmul(tanh(a), sin(b)),
  (a, b) => matmul(transpose(cos(a)), tanh(b)),
  (a, b) => sub(a, mean(b, { axis: 1, keepDims: true })),
  (a, b) => add(a, max(b, { axis: 0 })),
  (a) => softmax(tanh(a)),
  (a) => reshape(transpose(sin(a)), a.shape),
  (a) => reshape(reshape(cos(a), [a.size]), a.shape),
  (a, b) => slice(concat([tanh(a), b], { axis: 0 }), { begin: [1], end: [1 + a.shape[0]!] }),
  (a) =>
    slice(
      pad(
        a,
        [
          [1, 0],
          [0, 1],
        ],
        { value: 0.5 },
      ),
      { begin: [0, 1], end: [a.shape[0]!, a.shape[0]! + 1] },
    ),
  (a) => slice(a, { step: [-1, 1] }),
  (a, _, indices) => take(sin(a), indices),
  (a, _, indices) => take(a, sub(a.shape[0]! - 1, indices), { axis: 1 }),
  (a, b, indices) => scatterAdd(tanh(a), indices, tanh(b)),
  (a) => div(cumsum(sin(a), { axis: 0 }), a.shape[0]!),
  (a) => div(cumsum(a, { axis: 1, reverse: true, exclusive: true }), a.shape[0]!),
  (a, b) => squeeze(conv2d(asImage(tanh(a)), asImage(slice(cos(b), { end: [1, 1] })), null), { axis: [0, 1] }),
  (a) => div(a, add(square(sum(sin(a))), 1)),
]

const asImage = (x: AnyTensor) => expandDims(x as Matrix, { axis: [0, 1] })

const DEPTH = 14
const back = fc.nat(DEPTH)

export const randomSteps: fc.Arbitrary<RandomStep> = fc.record({
  size: fc.constantFrom(1, 2, 3, 5),
  operations: fc.array(fc.record({ operation: fc.nat(OPERATIONS.length - 1), a: back, b: back }), {
    minLength: 1,
    maxLength: DEPTH,
  }),
  next: fc.tuple(back, back, back),
  metrics: fc.array(fc.record({ value: back, flat: fc.boolean() }), { maxLength: 3 }),
})

/** The step as a function of the state, one more matrix, and indices of its rows. */
export const stepOf =
  ({ size, operations, next, metrics }: RandomStep) =>
  (state: State, given: Matrix, indices: Tensor<'int32'>): [State, AnyTensor[]] => {
    const [first, second, { flat }] = state
    const values: Matrix[] = [integers([size, size], 'float64', 9), given, first, second, reshape(flat, [size, size])]
    const pick = (from: number): Matrix => values[values.length - 1 - (from % values.length)]!
    for (const { operation, a, b } of operations) {
      // Of the shape and dtype that all of them have.
      values.push(OPERATIONS[operation]!(pick(a), pick(b), indices) as Matrix)
    }
    const [x, y, z] = next.map(pick) as [Matrix, Matrix, Matrix]
    const state2: State = [x, y, { flat: reshape(z, [size * size]) }]
    return [state2, metrics.map(({ value, flat }) => (flat ? reshape(pick(value), [size * size]) : pick(value)))]
  }

export const argumentsOf = ({ size }: RandomStep): [State, Matrix, Tensor<'int32'>] => {
  const matrix = (shape: readonly number[], salt: number) => integers(shape, 'float64', salt)
  const state: State = [matrix([size, size], 1), matrix([size, size], 2), { flat: matrix([size * size], 3) }]
  return [
    state,
    matrix([size, size], 4),
    tensor(
      Array.from({ length: size }, (_, at) => (3 * at + 1) % size),
      { dtype: 'int32' },
    ),
  ]
}
