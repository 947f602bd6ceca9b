import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tensor } from '@cotangent/core'
import { greater, mul, where } from '@cotangent/ops'
import { DivergenceError, fit, fitEvents } from '@cotangent/train'
import { describe, expect, it } from 'vitest'
import { FileError, FormatError } from '../errors.ts'
import { readSafetensors } from '../files.ts'
import { createRun, openRun } from './run.ts'
import { checkpointsOf, linesOf, named, temporaryRun } from './testing/folder.ts'
import { bits, like, training } from './testing/training.ts'

const path = temporaryRun()

const configuration = { net: [{ layer: 'dense', width: 3 }], optimizer: { name: 'adam', learningRate: 0.03 }, seed: 7 }

describe('a recorded run', () => {
  it('is a folder with its configuration, metrics and checkpoints', async () => {
    const run = await createRun(path(), configuration)
    const { state, record } = await fit({ ...training, recorder: run.recorder() })
    expect((await readdir(path())).toSorted()).toEqual(['checkpoints', 'configuration.json', 'metrics.jsonl'])
    expect(JSON.parse(await readFile(join(path(), 'configuration.json'), 'utf8'))).toEqual({
      format: 'cotangent run',
      version: 1,
      configuration,
    })

    const lines = await linesOf(path())
    expect(lines.map(({ type }) => type)).toEqual(
      Array.from({ length: 4 }, () => [...Array.from({ length: 5 }, () => 'iteration'), 'epoch']).flat(),
    )
    expect(lines.flatMap(({ type, loss }) => (type === 'iteration' ? [loss] : []))).toEqual(
      record.history.flatMap(({ losses }) => losses),
    )
    const { losses, ...accuracies } = record.history[3]!
    const meanLoss = losses.reduce((sum, loss) => sum + loss, 0) / 5
    expect(lines.at(-1)).toEqual({ type: 'epoch', iteration: 20, ...accuracies, meanLoss, seconds: expect.any(Number) })
    const seconds = lines.map((line) => Number(line.seconds))
    expect(seconds).toEqual(seconds.toSorted((a, b) => a - b))

    const best = record.best?.iteration ?? 0
    expect(await checkpointsOf(path())).toEqual(named(...new Set([best, 15, 20].toSorted((a, b) => a - b))))
    const { tensors } = await readSafetensors(join(path(), 'checkpoints', '00000020.safetensors'))
    expect(Object.keys(tensors).toSorted()).toEqual(
      [
        'key losses netState.mean params.layers.0.b params.layers.0.w slots.mean.layers.0.b slots.mean.layers.0.w',
        'slots.squares.layers.0.b slots.squares.layers.0.w slots.step',
      ]
        .join(' ')
        .split(' '),
    )
    expect(tensors['params.layers.0.w']).toEqual(state.params.layers[0]?.w)
  })

  it('gives what the net had learnt when it was best, and in the end', async () => {
    const run = await createRun(path(), configuration)
    const { state, record } = await fit({ ...training, recorder: run.recorder() })
    const { best } = record
    expect(await run.best(like)).toEqual({
      params: best?.state.params,
      netState: best?.state.netState,
      iteration: best?.iteration,
      epoch: best?.epoch,
      accuracy: best?.accuracy,
    })
    expect(bits((await run.latest(like))?.state)).toEqual(bits(state))
    const { params, netState } = state
    expect(await run.learnt(like)).toEqual({
      ...{ params, netState, iteration: 20, epoch: 4 },
      accuracy: record.history.at(-1)?.testAccuracy,
    })
    expect(await run.seconds()).toBe((await linesOf(path())).at(-1)?.seconds)
  })

  it('without accuracies is at its best in the end', async () => {
    const run = await createRun(path(), configuration)
    const { state } = await fit({ ...training, evaluation: undefined, recorder: run.recorder() })
    expect(await run.best(like)).toMatchObject({ params: state.params, iteration: 20, epoch: 4, accuracy: null })
    expect((await linesOf(path())).filter(({ type }) => type === 'epoch')).toHaveLength(4)
  })

  it('has checkpoints between epochs where told to', async () => {
    const run = await createRun(path(), configuration)
    const events = fitEvents({ ...training, evaluation: undefined, recorder: run.recorder({ everyIterations: 2 }) })
    for await (const event of events) if (event.type === 'iteration' && event.iteration === 10) break
    // Left without a word; what was recorded stays.
    expect(await checkpointsOf(path())).toEqual(named(7, 9))
    expect((await linesOf(path())).map(({ iteration }) => iteration)).toEqual([1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10])
  })

  it('passes over epochs that end soon after another checkpoint, but for the best and snapshots', async () => {
    const run = await createRun(path(), configuration)
    // Of more in a row the second epoch is the best.
    const right = [0.5, 0.875, 0.75, 0.625]
    let measured = 0
    const evaluation = {
      accuracy: () => tensor(right[Math.floor(measured++ / 2)]!),
      test: { ...training.data },
      batchSize: 12,
    }
    const recorder = run.recorder({ leastSeconds: 1e6 })
    const { state, record } = await fit({ ...training, engine: 'reference', evaluation, recorder })
    expect(record.best?.iteration).toBe(10)
    expect(await checkpointsOf(path())).toEqual(named(10, 20))
    expect((await linesOf(path())).filter(({ type }) => type === 'epoch')).toHaveLength(4)
    expect(await run.best(like)).toMatchObject({ params: record.best?.state.params, iteration: 10, accuracy: 0.875 })
    const reached = await run.latest(like)
    expect(bits(reached?.state)).toEqual(bits(state))
    expect(reached?.record).toEqual(record)
  })

  it('has a checkpoint of the moment before a loss that is not finite', async () => {
    const run = await createRun(path(), configuration)
    const diverging = fit({
      ...training,
      loss: (params, netState, batch, key) => {
        const [loss, next] = training.loss(params, netState, batch, key)
        // The running mean passes a half with the seventh step.
        return [mul(loss, where(greater(netState.mean, 0.5), Number.NaN, 1)), next]
      },
      recorder: run.recorder(),
    })
    const error: unknown = await diverging.catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(DivergenceError)
    expect(await checkpointsOf(path())).toContain('00000007.json')
    const reached = await run.latest(like)
    expect(reached?.record).toEqual((error as DivergenceError).record)
    expect(bits(reached?.state)).toEqual(bits((error as DivergenceError).state))
  })
})

describe('createRun', () => {
  it('makes no run where anything is', async () => {
    await createRun(path(), configuration)
    await expect(createRun(path(), configuration)).rejects.toThrow(
      new FileError(`${path()} already holds a run; resume it, or choose another folder`),
    )
    const other = join(path(), 'other')
    await mkdir(other)
    await writeFile(join(other, 'notes.txt'), 'mine')
    await expect(createRun(other, configuration)).rejects.toThrow(`${other} is not empty: it holds notes.txt`)
    expect(await readdir(other)).toEqual(['notes.txt'])
  })

  it('says in one sentence where there can be no folder', async () => {
    await createRun(path(), configuration)
    const within = join(path(), 'configuration.json', 'run')
    await expect(createRun(within, configuration)).rejects.toThrow(
      `cannot write ${within}: what should be its folder is a file; choose another folder`,
    )
  })

  it.runIf(process.platform === 'linux')('ends where the system takes no folders', async () => {
    await expect(createRun('/proc/none/run', configuration)).rejects.toThrow('cannot make the folder /proc/none')
  })

  it('begins anew where it was killed before it wrote anything', async () => {
    await mkdir(path(), { recursive: true })
    await writeFile(join(path(), '.configuration.json.0.part'), '{')
    expect((await createRun(path(), configuration)).configuration).toEqual(configuration)
  })
})

describe('openRun', () => {
  it('refuses what is no run', async () => {
    await expect(openRun(path())).rejects.toThrow(`${path()} holds no run; give a folder that a run was recorded in`)
    await createRun(path(), configuration)
    const file = join(path(), 'configuration.json')
    for (const [text, message] of [
      ['{"format":', `${file}: this is not JSON`],
      ['{"net":[]}', `${file}: this is not the configuration of a run`],
      ['{"format":"cotangent run","version":9,"configuration":{}}', `${file}: this run has version 9`],
    ] as const) {
      await writeFile(file, text)
      await expect(openRun(path())).rejects.toThrow(message)
      await expect(openRun(path())).rejects.toBeInstanceOf(FormatError)
    }
  })

  it('changes nothing', async () => {
    await fit({ ...training, recorder: (await createRun(path(), configuration)).recorder() })
    await writeFile(join(path(), 'checkpoints', '.00000025.json.1.part'), '')
    const before = await checkpointsOf(path())
    const run = await openRun(path())
    await run.latest(like)
    await run.best(like)
    expect(await checkpointsOf(path())).toEqual(before)
  })

  it('says so where there is no checkpoint yet', async () => {
    const run = await createRun(path(), configuration)
    expect(await run.latest(like)).toBeNull()
    await expect(run.best(like)).rejects.toThrow(`the run in ${path()} has no checkpoint yet`)
    await expect(run.learnt(like)).rejects.toThrow(`the run in ${path()} has no checkpoint yet`)
    expect(await run.seconds()).toBeNull()
  })
})

describe('requireSame', () => {
  it('compares all that is given', async () => {
    const run = await createRun(path(), configuration)
    run.requireSame({})
    run.requireSame(configuration)
    run.requireSame({ optimizer: { name: 'adam', momentum: undefined } })
    const given = {
      net: [{ layer: 'dense', width: 4 }],
      optimizer: { name: 'adam', learningRate: 0.1 },
      engine: 'compiled',
    }
    expect(() => run.requireSame(given)).toThrow(
      `the run in ${path()} is another: net.0.width is 4, and was 3; optimizer.learningRate is 0.1, and was 0.03; engine is "compiled", and was nothing; give what it was started with, or begin another run`,
    )
  })
})

describe('recorder', () => {
  it.each([0, -1, Number.NaN])('refuses every %d seconds or iterations', async (every) => {
    const run = await createRun(path(), configuration)
    expect(() => run.recorder({ everySeconds: every })).toThrow(
      `recorder: everySeconds is ${every}; give a number above 0`,
    )
    expect(() => run.recorder({ everyIterations: every })).toThrow('recorder: everyIterations is')
    if (every === 0) return
    expect(() => run.recorder({ leastSeconds: every })).toThrow(`recorder: leastSeconds is ${every}; give 0 or more`)
  })

  it('keeps the folder to itself while it records', async () => {
    const run = await createRun(path(), configuration)
    const first = fitEvents({ ...training, recorder: run.recorder() })
    await first.next()
    await expect(fit({ ...training, recorder: run.recorder() })).rejects.toThrow(
      `${path()} is being recorded into by process ${process.pid}; wait for it to end`,
    )
    await first.return()
    expect(
      (await fit({ ...training, resume: (await run.latest(like)) ?? undefined, recorder: run.recorder() })).reason,
    ).toBe('complete')
  })

  it.each(['999999999', `${process.pid}`, ''])('minds no lock that a killed program left: "%s"', async (owner) => {
    const run = await createRun(path(), configuration)
    await writeFile(join(path(), 'lock'), owner)
    await fit({ ...training, recorder: run.recorder() })
    expect(await readdir(path())).not.toContain('lock')
  })

  it('ends training with one sentence when the disk fails', async () => {
    const run = await createRun(path(), configuration)
    const events = fitEvents({ ...training, recorder: run.recorder() })
    const rest = async () => {
      for await (const event of events) {
        if (event.type !== 'iteration' || event.iteration !== 7) continue
        // Where the next checkpoint would go.
        await mkdir(join(path(), 'checkpoints', '00000010.safetensors'))
      }
    }
    await expect(rest()).rejects.toThrow(
      new FileError(
        `cannot write ${join(path(), 'checkpoints', '00000010.safetensors')}: it is a folder; choose another name`,
      ),
    )
    expect(await checkpointsOf(path())).toEqual([...named(5), '00000010.safetensors'])
  })
})
