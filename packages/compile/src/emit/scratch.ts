import type { Region } from '../regions.ts'
import type { NamedTask, Task } from '../tasks.ts'
import { contractScratch } from './contract.ts'
import { aligned } from './multiplier.ts'
import { filtersScratch } from './winograd-filters.ts'
import { imagesScratch } from './winograd-images.ts'

/** How much working memory a task wants, in bytes: for each thread, and for all of them together. */
export interface Scratch {
  readonly own: number
  readonly shared: number
}

const NONE: Scratch = { own: 0, shared: 0 }

function scratchOf(task: Task): Scratch {
  switch (task.kind) {
    case 'contract':
      return contractScratch(task)
    case 'winogradImages':
      return imagesScratch(task)
    case 'winogradFilters':
      return filtersScratch(task)
    case 'loop':
    case 'scatter':
    case 'scan':
    case 'random':
      return NONE
  }
}

/** The working memory of a program, in bytes: for each thread, for all of them together, and where each task's part of that is. */
export interface WorkingMemory extends Scratch {
  readonly places: readonly number[]
}

/** The working memory that the tasks want: each is alone with it while it runs, but in a region all run at the same time. */
export function workingMemory(tasks: readonly NamedTask[], regions: readonly Region[]): WorkingMemory {
  const wanted = tasks.map(({ task }) => scratchOf(task))
  const places = tasks.map((_, at) => {
    const from = regions.find((region) => region.from <= at && at < region.to)?.from ?? at
    return wanted.slice(from, at).reduce((end, { shared }) => end + aligned(shared), 0)
  })
  return {
    own: Math.max(0, ...wanted.map(({ own }) => own)),
    shared: Math.max(0, ...wanted.map(({ shared }, at) => places[at]! + shared)),
    places,
  }
}
