import type { Region } from '../regions.ts'
import type { NamedTask, Task } from '../tasks.ts'
import { contractScratch } from './contract.ts'
import { aligned } from './operands.ts'
import { pooledScratch } from './pooled-filters.ts'
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
    case 'pooledFilters':
      return pooledScratch(task)
    case 'loop':
    case 'scatter':
    case 'scan':
    case 'random':
      return NONE
  }
}

/** The working memory of a program, in bytes: for each thread, for all of them together, and which part of that each task has. */
export interface WorkingMemory extends Scratch {
  readonly places: readonly number[]
  readonly sizes: readonly number[]
}

/** As long as working memory is small, tasks have parts of their own, so that none waits for another's. */
const APART = 1 << 20

/** The working memory that the tasks want: in a region all run at the same time, elsewhere parts are used again. */
export function workingMemory(tasks: readonly NamedTask[], regions: readonly Region[]): WorkingMemory {
  const wanted = tasks.map(({ task }) => scratchOf(task))
  const places: number[] = []
  let end = 0
  wanted.forEach(({ shared }, at) => {
    const inside = regions.some(({ from, to }) => from < at && at < to)
    if (!inside && end + shared > APART) end = 0
    places.push(end)
    end += aligned(shared)
  })
  return {
    own: Math.max(0, ...wanted.map(({ own }) => own)),
    shared: Math.max(0, ...wanted.map(({ shared }, at) => places[at]! + aligned(shared))),
    places,
    sizes: wanted.map(({ shared }) => shared),
  }
}
