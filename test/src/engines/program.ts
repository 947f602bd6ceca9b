/** A Node program that trains on as many threads as it is given, and prints what came of it. */
import { trainTwoLayerNet } from './training.ts'

const threads = process.env.COTANGENT_THREADS
try {
  console.log(JSON.stringify(await trainTwoLayerNet(threads ? { threads: Number(threads) } : {})))
} catch (error) {
  console.error(String(error))
  process.exitCode = 1
}
