import { Competitor } from './competitor.ts'
import { BenchError } from './errors.ts'
import type { Job } from './job.ts'
import type { Row } from './rows.ts'
import { COTANGENT, PEERS, type Ready, type System } from './systems.ts'
import { median } from './turns.ts'

/** What one system reached in a row; `note` says why there are no figures. */
export interface Entry {
  readonly system: string
  readonly title: string
  readonly threads: number
  /** A list of figures, one a round, for each measure of the row. */
  readonly values: readonly (readonly number[])[]
  readonly note?: string
}

export interface MeasureOptions {
  readonly peers: readonly string[]
  readonly rounds: number | undefined
  readonly slow: boolean
  /** Hears what is under way. */
  readonly progress: (text: string) => void
}

/** A step that takes longer is measured once, in milliseconds. */
const LONG_STEP_MS = 2000

/** How long nobody works between turns, in milliseconds. */
const REST_MS = 200

/** Something whose figures are taken round by round. */
interface Contender {
  readonly system: System
  readonly title: string
  readonly threads: number
  readonly job: Job
  readonly ready: Ready | undefined
  process?: Competitor
  note?: string
  done?: boolean
  readonly answers: Readonly<Record<string, number>>[]
}

/** Measures a row: all that take part have their turn in each round, so that a noisy machine is noisy for all of them. */
export async function measureRow(
  row: Row,
  sizes: Omit<Job, 'work' | 'threads'>,
  options: MeasureOptions,
): Promise<Entry[]> {
  const contenders = await contendersOf(row, sizes, options)
  const rounds = options.rounds ?? row.rounds ?? 5
  try {
    for (let round = 0; round < rounds; round++) {
      for (const contender of contenders) {
        if (contender.note !== undefined || contender.done) continue
        options.progress(`${row.name}: round ${round + 1} of ${rounds}, ${contender.title}`)
        await takeTurn(contender, row)
        // Threads that look for more work on their own, as PyTorch's do, are in the way of the next one.
        await new Promise((resolve) => setTimeout(resolve, REST_MS))
      }
    }
  } finally {
    for (const { process } of contenders) await process?.close()
  }
  return contenders.map(({ system, title, threads, answers, note }) => ({
    system: system.name,
    title,
    threads,
    values: row.measures.map(({ of }) => answers.map(of)),
    ...(note === undefined ? {} : { note }),
  }))
}

async function contendersOf(
  { name, work }: Row,
  sizes: Omit<Job, 'work' | 'threads'>,
  { peers, slow, progress }: MeasureOptions,
): Promise<Contender[]> {
  const systems = [COTANGENT, ...PEERS.filter((peer) => peers.includes(peer.name))]
  const contenders: Contender[] = []
  for (const system of systems) {
    const { works, lacks = {}, threads } = system
    if (!works.includes(work) && lacks[work] === undefined) continue
    progress(`${name}: making ${system.name} ready`)
    const { ready, reason } = await prepared(system)
    const title = ready?.title ?? system.name
    const step = slow ? undefined : system.slow?.[work]
    const note = lacks[work] ?? reason ?? (step === undefined ? undefined : `some ${step} a step: --slow measures it`)
    for (const count of note === undefined ? threads : threads.slice(0, 1)) {
      const job = { ...sizes, work, threads: count }
      contenders.push({
        system,
        title,
        threads: count,
        job,
        ready,
        answers: [],
        ...(note === undefined ? {} : { note }),
      })
    }
  }
  return contenders
}

const known = new Map<System, { ready?: Ready; reason?: string }>()

/** Makes a system ready on the first call. */
async function prepared(system: System): Promise<{ ready?: Ready; reason?: string }> {
  let result = known.get(system)
  if (result === undefined) {
    try {
      result = { ready: await system.prepare() }
    } catch (error) {
      if (!(error instanceof BenchError)) throw error
      result = { reason: error.message }
    }
    known.set(system, result)
  }
  return result
}

/** Takes the figures of a turn; notes why there are none where it fails. */
async function takeTurn(contender: Contender, { seconds, work }: Row): Promise<void> {
  const { ready, job, answers, system } = contender
  try {
    if (seconds === undefined) {
      const begin = performance.now()
      const once = new Competitor(ready!.launch(job))
      try {
        const answer = await once.answer()
        if (work === 'full') await once.ended()
        answers.push({ ...answer, wall: (performance.now() - begin) / 1000 })
      } finally {
        await once.close()
      }
      return
    }
    if (contender.process === undefined) {
      contender.process = new Competitor(ready!.launch(job))
      // Code that the engine has yet to optimise, threads that have yet to start.
      const { ms } = await contender.process.turn(seconds)
      contender.done = ms! > LONG_STEP_MS
    }
    answers.push(await contender.process.turn(seconds))
  } catch (error) {
    // What is wrong with Cotangent itself is no matter of a note.
    if (!(error instanceof BenchError) || system === COTANGENT) throw error
    contender.note = error.message
    answers.length = 0
  }
}

/** The best of a system's entries by the medians of a measure. */
export function bestOf(entries: readonly Entry[], system: string, measure: number, more = false): Entry | undefined {
  const measured = entries.filter((entry) => entry.system === system && (entry.values[measure]?.length ?? 0) > 0)
  const figure = (entry: Entry) => (more ? -1 : 1) * median(entry.values[measure]!)
  return measured.sort((a, b) => figure(a) - figure(b))[0]
}
