import { appendFile, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { randomKey } from '@cotangent/core'
import { normal } from '@cotangent/ops'
import { type EndEvent, fit, initialState, sgd } from '@cotangent/train'
import { describe, expect, it } from 'vitest'
import { FileError } from '../errors.ts'
import { createRun, openRun } from './run.ts'
import { checkpointsOf, linesOf, named, temporaryRun } from './testing/folder.ts'
import { bits, like, type NetState, type Params, training } from './testing/training.ts'

const path = temporaryRun()
type End = EndEvent<Params, NetState>

/** Begins a run, and stops after so many iterations as Ctrl-C does. */
async function trainUntil(iteration: number, options: Partial<typeof training> = {}): Promise<End> {
  const run = await createRun(path(), {})
  const controller = new AbortController()
  return fit({
    ...training,
    ...options,
    recorder: run.recorder(),
    signal: controller.signal,
    onEvent: (event) => {
      if (event.type === 'iteration' && event.iteration === iteration) controller.abort()
    },
  })
}

async function resume(options: Partial<typeof training> = {}): Promise<End & { readonly notices: string[] }> {
  const notices: string[] = []
  const run = await openRun(path(), { onNotice: (line) => notices.push(line) })
  const reached = await run.latest(like)
  const end = await fit({ ...training, ...options, resume: reached ?? undefined, recorder: run.recorder() })
  return { ...end, notices }
}

const withoutSeconds = async () => (await linesOf(path())).map(({ seconds, ...line }) => line)
const fileOf = (iteration: number, end: 'json' | 'safetensors'): string =>
  join(path(), 'checkpoints', `${String(iteration).padStart(8, '0')}.${end}`)

/** What a run comes to that nobody interrupted: its end, and its metrics but for the time. */
async function uninterrupted(options: Partial<typeof training> = {}) {
  const run = await createRun(path(), {})
  const end = await fit({ ...training, ...options, recorder: run.recorder() })
  const lines = await withoutSeconds()
  await rm(path(), { recursive: true })
  return { end, lines }
}

async function expectSame(resumed: End, whole: Awaited<ReturnType<typeof uninterrupted>>): Promise<void> {
  expect(resumed.reason).toBe('complete')
  expect(bits(resumed.state)).toEqual(bits(whole.end.state))
  expect(resumed.record).toEqual(whole.end.record)
  expect(await withoutSeconds()).toEqual(whole.lines)
}

describe('a run that is resumed', () => {
  it.each([1, 4, 5, 13, 20])('after iteration %i ends with the same bits, record and metrics', async (iteration) => {
    const whole = await uninterrupted({ snapshotEvery: 2 })
    await trainUntil(iteration, { snapshotEvery: 2 })
    // Neither matters any more.
    const others = { params: { layers: [{ w: normal(randomKey(9), [2, 3]), b: normal(randomKey(8), [3]) }] }, seed: 3 }
    const resumed = await resume({ ...others, snapshotEvery: 2 })
    await expectSame(resumed, whole)
    expect(resumed.notices).toEqual([])
  })

  it('ends with the same bits when compiled', async () => {
    const whole = await uninterrupted({ engine: 'compiled' })
    await trainUntil(7, { engine: 'compiled' })
    await expectSame(await resume({ engine: 'compiled' }), whole)
  })

  it('ends with the same metrics without accuracies', async () => {
    const whole = await uninterrupted({ evaluation: undefined })
    await trainUntil(10, { evaluation: undefined })
    await expectSame(await resume({ evaluation: undefined }), whole)
  })

  it('begins anew where it has no checkpoint', async () => {
    const whole = await uninterrupted()
    await createRun(path(), {})
    await writeFile(
      join(path(), 'metrics.jsonl'),
      '{"type":"iteration","iteration":1,"epoch":1,"loss":0.5,"seconds":1}\n{"ty',
    )
    await expectSame(await resume(), whole)
  })

  it('changes nothing when it was complete', async () => {
    const whole = await fit({ ...training, recorder: (await createRun(path(), {})).recorder() })
    const files = await checkpointsOf(path())
    const lines = await linesOf(path())
    const resumed = await resume()
    expect(resumed).toMatchObject({ reason: 'complete', notices: [] })
    expect(resumed.record).toEqual(whole.record)
    expect([await checkpointsOf(path()), await linesOf(path())]).toEqual([files, lines])
  })

  it('may be made longer, in the middle of an epoch', async () => {
    const whole = await uninterrupted()
    await fit({ ...training, epochs: undefined, iterations: 7, recorder: (await createRun(path(), {})).recorder() })
    const resumed = await resume()
    expect(bits(resumed.state)).toEqual(bits(whole.end.state))
    // It was measured there as well.
    const lines = await withoutSeconds()
    expect(lines.filter((line) => line.type !== 'epoch' || line.iteration !== 7)).toEqual(whole.lines)
    await resume({ epochs: 6 })
    expect((await withoutSeconds()).slice(0, lines.length)).toEqual(lines)
  })

  it('has metrics again that were lost, or has lost those that were damaged', async () => {
    const whole = await uninterrupted()
    for (const damage of [
      () => rm(join(path(), 'metrics.jsonl')),
      () => truncate(join(path(), 'metrics.jsonl'), 333),
      () => appendFile(join(path(), 'metrics.jsonl'), '{"type":"iteration","iteration":14,"epoch":3,"loss":9}\nzz'),
      async () => {
        const text = await readFile(join(path(), 'metrics.jsonl'), 'utf8')
        await writeFile(
          join(path(), 'metrics.jsonl'),
          text.replace(/.*\n/, (line) => line + line),
        )
      },
    ]) {
      await trainUntil(13)
      await damage()
      await expectSame(await resume(), whole)
      await rm(path(), { recursive: true })
    }
  })

  it('counts the seconds on', async () => {
    await trainUntil(7)
    const before = (await linesOf(path())).map((line) => Number(line.seconds))
    await resume()
    const after = (await linesOf(path())).map((line) => Number(line.seconds))
    expect(after.slice(0, before.length)).toEqual(before)
    expect(after).toEqual(after.toSorted((a, b) => a - b))
  })
})

describe('a checkpoint that is damaged', () => {
  const damages: Record<string, (iteration: number) => Promise<void>> = {
    'tensors cut short': (iteration) => truncate(fileOf(iteration, 'safetensors'), 300),
    'tensors emptied': (iteration) => truncate(fileOf(iteration, 'safetensors'), 0),
    'tensors gone': (iteration) => rm(fileOf(iteration, 'safetensors')),
    'one bit of tensors': async (iteration) => {
      const bytes = await readFile(fileOf(iteration, 'safetensors'))
      bytes[bytes.length - 9]! ^= 1
      await writeFile(fileOf(iteration, 'safetensors'), bytes)
    },
    'JSON cut short': (iteration) => truncate(fileOf(iteration, 'json'), 100),
    'JSON of another iteration count': async (iteration) => {
      const text = await readFile(fileOf(iteration, 'json'), 'utf8')
      await writeFile(fileOf(iteration, 'json'), text.replace('"iteration":13', '"iteration":12'))
    },
    'JSON of something else': (iteration) => writeFile(fileOf(iteration, 'json'), '{"format":"cotangent checkpoint"}'),
  }

  it.each(Object.entries(damages))('makes training go back by one: %s', async (_, damage) => {
    const whole = await uninterrupted()
    await trainUntil(13)
    expect(await checkpointsOf(path())).toEqual(expect.arrayContaining(named(10, 13)))
    await damage(13)
    const resumed = await resume()
    await expectSame(resumed, whole)
    expect(resumed.notices).toEqual([
      expect.stringMatching(/00000013\..*: going back to the checkpoint of iteration 10$/),
    ])
  })

  it('and all others: says so in one sentence, and leaves everything as it is', async () => {
    await trainUntil(13)
    const files = await checkpointsOf(path())
    for (const name of files.filter((name) => name.endsWith('.safetensors')))
      await truncate(join(path(), 'checkpoints', name), 5)
    const run = await openRun(path())
    await expect(run.latest(like)).rejects.toThrow(
      /^none of the \d checkpoints in .*checkpoints can be read \(the last: .*00000013.safetensors: this is not what was written/,
    )
    await expect(run.best(like)).rejects.toThrow(FileError)
    expect(await checkpointsOf(path())).toEqual(files)
  })

  it('that was the best: the next best takes its place, said so', async () => {
    const { record } = await trainUntil(13)
    const best = record.best!.iteration
    expect(best).toBeLessThan(13)
    await truncate(fileOf(best, 'safetensors'), 5)
    const notices: string[] = []
    const run = await openRun(path(), { onNotice: (line) => notices.push(line) })
    expect((await run.best(like)).iteration).toBe(13)
    expect((await run.latest(like))?.record.best).toBeNull()
    expect(notices[0]).toMatch(/taking the checkpoint of iteration 13 for the best$/)
    expect(notices[1]).toMatch(new RegExp(`the state of iteration ${best} is forgotten$`))
  })
})

describe('resuming refuses', () => {
  it('another net, naming the parameter', async () => {
    await trainUntil(7)
    const run = await openRun(path())
    const wider = { layers: [{ w: normal(randomKey(1), [2, 4]), b: normal(randomKey(2), [4]) }] }
    await expect(run.latest({ ...like, params: wider })).rejects.toThrow(
      'params.layers.0.w has shape [2, 3], where [2, 4] is expected',
    )
    await expect(run.best({ ...like, params: { ...like.params, more: like.params } })).rejects.toThrow(
      'there is no tensor params.more.layers.0.w',
    )
  })

  it('another optimiser, naming its slot', async () => {
    await trainUntil(7)
    const run = await openRun(path())
    const other = initialState(like.params, like.netState, sgd(), randomKey(0))
    await expect(run.latest(other)).rejects.toThrow('the tree has no place for the tensor slots.')
  })

  it('to begin before a checkpoint that can be read', async () => {
    const { reason } = await trainUntil(13)
    expect(reason).toBe('aborted')
    const run = await openRun(path())
    await expect(fit({ ...training, recorder: run.recorder() })).rejects.toThrow(
      `${path()} already has a checkpoint of iteration`,
    )
    expect(await checkpointsOf(path())).toEqual(expect.arrayContaining(named(10, 13)))
  })

  it('a record of another run', async () => {
    const other = await fit({ ...training, epochs: 2 })
    const run = await createRun(path(), {})
    await expect(fit({ ...training, resume: other, recorder: run.recorder() })).rejects.toThrow(
      `${path()} has no checkpoint of iteration ${other.record.best?.iteration}, which the record to resume from goes back to`,
    )
  })
})

it('says so where what decides the bits is not what it was', async () => {
  await trainUntil(7)
  const text = await readFile(fileOf(7, 'json'), 'utf8')
  await writeFile(fileOf(7, 'json'), text.replace('"engine":"reference"', '"engine":"compiled"'))
  const { notices } = await resume()
  expect(notices).toEqual([
    `${path()}: training goes on, but not to the same bits: engine is "reference", and was "compiled"`,
  ])
})
