export type { Blame, Pattern } from './check/blame.ts'
export type { CallSite } from './check/callSite.ts'
export { type CheckGradientsOptions, checkGradients } from './check/checkGradients.ts'
export type { DerivativeComparison, DerivativeMode } from './check/compare.ts'
export { type Anomaly, AnomalyError, type AnomalyInput, detectAnomalies } from './check/detectAnomalies.ts'
export type { NumericalGradientOf } from './check/float64.ts'
export { type NumericalGradientOptions, numericalGradient } from './check/numericalGradient.ts'
export type { GradientReport, LeafComparison } from './check/report.ts'
export * from './create.ts'
export { type DType, type Float, isFloat, type Promote, type ReadonlyData, type TypedArray } from './dtype.ts'
export * from './errors.ts'
export { hessian, type JacobianOf, jacobian } from './jacobian.ts'
export type { BinaryFunction, Comparison, Expression, UnaryFunction } from './kernel/expression.ts'
export { type Kernel, map, type TensorType } from './kernel/kernel.ts'
export { type View, type ViewAxis, wholeView } from './kernel/view.ts'
export {
  type AxisOptions,
  add,
  type BinaryOperation,
  binary,
  broadcastTo,
  cast,
  type DTypeOf,
  keptShape,
  mul,
  type Promoted,
  reshape,
  type SumOf,
  stopGradient,
  sum,
} from './operations.ts'
export {
  adoptNumber,
  compute,
  customVjp,
  definePrimitive,
  type Operands,
  type Operation,
  type Primitive,
  type PrimitiveDefinition,
  promoteOperands,
  type VjpRule,
} from './primitive.ts'
export { foldIn, randomKey, splitKey } from './random/key.ts'
export { threefry2x32 } from './random/threefry.ts'
export {
  broadcastShapes,
  checkShape,
  normalizeAxes,
  normalizeAxis,
  type Shape,
  shapeText,
  sizeOf,
  stridesOf,
} from './shape.ts'
export { record, Tape } from './tape.ts'
export {
  type AnyTensor,
  abstractNumber,
  abstractTensor,
  knownValues,
  moveTo,
  type Nested,
  Tensor,
  type TensorLike,
  tensor,
} from './tensor.ts'
export { isRecording, type Step, scope } from './trace.ts'
export { grad, jvp, valueAndGrad, vjp } from './transforms.ts'
export { type GradientOf, type Tree, treeLeaves, treeMap, treeMapAll, treeZip } from './tree.ts'
