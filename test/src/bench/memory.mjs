/** Loaded before a program, it prints the peak of the process's memory, in bytes, when that ends. */
import { writeSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

if (isMainThread) {
  process.on('exit', () => {
    writeSync(1, `${JSON.stringify({ peakBytes: 1024 * process.resourceUsage().maxRSS })}\n`)
  })
}
