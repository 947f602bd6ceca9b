/** What a competitor's process is asked to do: its only argument, as JSON. Fields that a work does not need are there all the same. */
export interface Job {
  readonly work: WorkName
  readonly threads: number
  /** The folder that `writeBenchData` filled. */
  readonly data: string
  /** Units of the hidden layer of W1, and images in a step. */
  readonly hidden: number
  readonly batch: number
}

/** Training steps, passes of inference, and what is measured only once in a process. */
export type WorkName = 'w1' | 'w2' | 'w3' | 'infer-w1' | 'infer-w2' | 'first' | 'full' | 'heap'

/** What a competitor answers when it had its turn. */
export interface Turn {
  /** The median of its steps, in milliseconds. */
  readonly ms: number
  readonly steps: number
}

/** The job that this process was started with. */
export const ownJob = (): Job => JSON.parse(process.argv[2]!) as Job

/** The data of a job, one byte a number: 60,000 images of 28 × 28 pixels, and their labels. */
export const IMAGE_FILE = 'images.bin'
export const LABEL_FILE = 'labels.bin'
