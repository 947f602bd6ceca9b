import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { IMAGE_FILE, type Job, LABEL_FILE } from '../job.ts'

/** Batches as a library of arrays wants them: float32 images from 0 to 1, and one-hot labels. */
export interface Batch {
  readonly images: Float32Array
  readonly oneHot: Float32Array
}

/** A batch by its number, from the first images of the data set, over and over. */
export function batchesOf({ data, batch }: Job, count = 6000): (index: number) => Batch {
  const pixels = readFileSync(join(data, IMAGE_FILE)).subarray(0, count * 784)
  const labels = readFileSync(join(data, LABEL_FILE)).subarray(0, count)
  const images = Float32Array.from(pixels, (pixel) => pixel / 255)
  const oneHot = new Float32Array(count * 10)
  labels.forEach((label, at) => {
    oneHot[at * 10 + label] = 1
  })
  const batches = Math.floor(count / batch)
  return (index) => {
    const begin = (index % batches) * batch
    const end = begin + batch
    return { images: images.subarray(begin * 784, end * 784), oneHot: oneHot.subarray(begin * 10, end * 10) }
  }
}

/** Normal random numbers, for first weights. */
export function normal(count: number, deviation: number): Float32Array {
  const uniform = () => 1 - Math.random()
  return Float32Array.from(
    { length: count },
    () => deviation * Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform()),
  )
}
