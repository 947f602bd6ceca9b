export { type AdamOptions, type AdamWOptions, adam, adamW } from './adam.ts'
export { type AdaGradOptions, adaGrad, type RmsPropOptions, rmsProp } from './adaptive.ts'
export { type MomentumOptions, momentum, nesterov, sgd } from './descent.ts'
export { DivergenceError } from './divergence.ts'
export type { EngineName } from './engine.ts'
export type { EndEvent, EpochEvent, FitEvent, IterationEvent, Reached } from './events.ts'
export { fit, fitEvents } from './fit.ts'
export { accuracy, confusionMatrix, topK } from './metrics.ts'
export {
  defineOptimizer,
  type LearningRate,
  type Optimizer,
  type OptimizerDefinition,
  type OptimizerOptions,
  type Slots,
  type UpdateContext,
  type UpdateOptions,
} from './optimizer.ts'
export type { Evaluation, FitOptions } from './options.ts'
export type { EpochHistory, Position, Snapshot, TrainingRecord } from './record.ts'
export type { RecordedTraining, Recorder } from './recorder.ts'
export type { Schedule } from './schedule.ts'
export * as schedule from './schedule.ts'
export {
  initialState,
  type LossFunction,
  type StepMetrics,
  type TrainState,
  type TrainStep,
  trainStep,
} from './step.ts'
export {
  clipByGlobalNorm,
  type Decays,
  type GradientTransform,
  globalNorm,
  type WeightDecayOptions,
  weightDecay,
} from './transform.ts'
