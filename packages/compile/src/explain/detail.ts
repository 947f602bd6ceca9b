import { sizeOf } from '@cotangent/core'
import { mayLeaveOutZeros, productOf } from '../product.ts'
import type {
  ContractTask,
  LoopTask,
  PooledFiltersTask,
  RandomTask,
  ScanTask,
  ScatterTask,
  Task,
  WinogradFiltersTask,
  WinogradImagesTask,
} from '../tasks.ts'

/** What a task does that its kind and its operations do not say, in a few words; empty where there is nothing. */
export function detailOf(task: Task): string {
  switch (task.kind) {
    case 'loop':
      return ofLoop(task)
    case 'contract':
      return ofContraction(task)
    case 'winogradImages':
      return ofImages(task)
    case 'winogradFilters':
      return ofFilters(task)
    case 'pooledFilters':
      return ofPooled(task)
    case 'scatter':
      return ofScatter(task)
    case 'scan':
      return ofScan(task)
    case 'random':
      return ofDraw(task)
  }
}

const ofLoop = ({ fold, lengths, rank }: LoopTask): string =>
  fold === undefined ? '' : `over ${sizeOf(lengths.slice(rank))}`

/** The matrices, as `3 × 100×784 · 784×50` for three of them, and whether zeros are looked for. */
function ofContraction(task: ContractTask): string {
  const { lengths, counts } = task
  let from = 0
  const next = (count: number): number => {
    from += count
    return sizeOf(lengths.slice(from - count, from))
  }
  const [batch, rows, columns, summed] = [
    next(counts.batch),
    next(counts.rows),
    next(counts.columns),
    next(counts.summed),
  ]
  const zeros = mayLeaveOutZeros(productOf(task)) ? ', many zeros left out' : ''
  return `${batch > 1 ? `${batch} × ` : ''}${rows}×${summed} · ${summed}×${columns}${zeros}`
}

const ofImages = ({ images, out }: WinogradImagesTask): string =>
  `${images[3]} to ${out[3]} channels, ${out[0]} × ${out[1]}×${out[2]}`

const ofFilters = ({ images, cotangents }: WinogradFiltersTask): string =>
  `${images[3]} × ${cotangents[3]} filters, over ${cotangents[0]} × ${cotangents[1]}×${cotangents[2]}`

/** The matrices, of which the first has one number in each pooling window. */
function ofPooled({ windows, filters, pool: [high, wide] }: PooledFiltersTask): string {
  const [places, looked] = [sizeOf(windows.slice(0, 3)), sizeOf(windows.slice(3))]
  return `${filters}×${places} · ${places}×${looked}, at maxima of ${high}×${wide} alone`
}

const ofScatter = ({ lengths, start }: ScatterTask): string =>
  `of ${sizeOf(lengths)}${start === undefined ? '' : ' onto a copy'}`

const ofScan = ({ lengths, reverse }: ScanTask): string => `sums along ${lengths[1]}${reverse ? ', backwards' : ''}`

const ofDraw = ({ size }: RandomTask): string => `${size} from a key`
