export { type PlanGraphOptions, planToDot } from './graph/plan.ts'
export { renderSvg } from './graph/svg.ts'
export { type GraphOptions, graphToDot } from './graph/tape.ts'
export {
  describeRun,
  type Expected,
  type Like,
  prepareReport,
  type RunDescription,
  type Samples,
} from './page/describe.ts'
export { reportPage } from './page/page.ts'
export type { RunReport } from './page/report.ts'
export { writeReport } from './page/writeReport.ts'
