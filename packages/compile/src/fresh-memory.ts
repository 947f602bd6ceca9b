import { webAssembly } from './wasm/engine.ts'

/** The least that systems hand out of memory at once. */
export const PAGE_BYTES = 4096

/** How many pages are touched to find out what one takes; in so many turns, of which the fastest counts: one may be interrupted. */
const PAGES = 16
const TURNS = 4

/**
 * From so many microseconds a page on, 47 MB take so long to be touched, 70 ms, that a thread is worth its start for that. On one
 * virtual machine they were 3, on another 12.
 */
const SLOW = 6

let slow: boolean | undefined

/** Whether the system takes long to hand out memory, page by page as it is touched; found out once. */
export function freshMemoryIsSlow(): boolean {
  slow ??= microsecondsOfPage() > SLOW
  return slow
}

function microsecondsOfPage(): number {
  // Of its own: what a program frees before is given to arrays again, touched as it is.
  const { buffer } = new webAssembly.Memory({ initial: (TURNS * PAGES * PAGE_BYTES) / 65_536 })
  const bytes = new Uint8Array(buffer)
  let least = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < TURNS; turn++) {
    const begin = performance.now()
    for (let page = turn * PAGES; page < (turn + 1) * PAGES; page++) bytes[page * PAGE_BYTES] = 1
    least = Math.min(least, performance.now() - begin)
  }
  return (least * 1000) / PAGES
}
