import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CotangentError } from '@cotangent/core'
import { createRun } from '@cotangent/io'
import { Command } from 'commander'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { keptFor } from './kept.ts'
import { withTraining } from './options.ts'

let folder = ''
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'cotangent-kept-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

const commandOf = (...args: readonly string[]): Command =>
  withTraining(new Command('overfit'), { iterations: 10, batchSize: 5 }).parse(args, { from: 'user' })
const at = (name: string): string => join(folder, name)
const OPTIONS = { iterations: 10, batchSize: 5, seed: 3, engine: 'compiled', data: 'synthetic' }

describe('--out', () => {
  it('makes a new folder, or takes an empty one', async () => {
    const [options, kept] = await keptFor(commandOf('--out', at('a/b')))
    expect([options.out, kept.path, kept.resumed]).toEqual([at('a/b'), at('a/b'), false])
    expect(existsSync(at('a/b'))).toBe(true)
    await expect(keptFor(commandOf('--out', at('a/b')))).resolves.toHaveLength(2)
  })

  it('takes back the folders that it made where nothing came of them', async () => {
    mkdirSync(at('there'))
    const [, empty] = await keptFor(commandOf('--out', at('there/a/b')))
    await empty.tidy()
    expect([existsSync(at('there/a')), existsSync(at('there'))]).toEqual([false, true])
    const [, filled] = await keptFor(commandOf('--out', at('there/a/b')))
    writeFileSync(at('there/a/b/run.txt'), 'a')
    await filled.tidy()
    expect(existsSync(at('there/a/b/run.txt'))).toBe(true)
    const [, other] = await keptFor(commandOf('--out', at('there/c')))
    writeFileSync(at('there/d.txt'), 'd')
    await other.tidy()
    expect([existsSync(at('there/c')), existsSync(at('there/d.txt'))]).toEqual([false, true])
  })

  it('does not touch what is there already', async () => {
    await createRun(at('one'), { example: 'overfit', options: OPTIONS })
    await createRun(at('several/nothing'), { example: 'overfit', run: 'nothing', options: OPTIONS })
    mkdirSync(at('notes'))
    writeFileSync(at('notes/a.txt'), 'a')
    const cases = [
      ['one', `holds a run already; go on with it by --resume ${at('one')}, or give another folder`],
      ['several', 'holds a run already; go on with it by'],
      ['notes', 'is not empty: it holds a.txt; give another folder'],
      ['notes/a.txt', 'is a file, or in one; give a folder'],
      ['notes/a.txt/b', 'is a file, or in one; give a folder'],
    ] as const
    for (const [name, sentence] of cases) {
      const refused: unknown = await keptFor(commandOf('--out', at(name))).catch((error) => error)
      expect(refused).toBeInstanceOf(CotangentError)
      expect(`${refused}`).toContain(`${at(name)} ${sentence}`)
    }
  })

  it.runIf(process.platform === 'linux')('says where no folder can be made', async () => {
    await expect(keptFor(commandOf('--out', '/proc/none/a'))).rejects.toThrow(
      'cannot make the folder /proc/none: its place takes no folders; choose another',
    )
  })
})

describe('--resume', () => {
  it('goes on with one run, or with several in one folder', async () => {
    await createRun(at('one'), { example: 'overfit', options: OPTIONS })
    await createRun(at('several/nothing'), { example: 'overfit', run: 'nothing', options: OPTIONS })
    for (const name of ['one', 'several']) {
      const [options, kept] = await keptFor(commandOf('--resume', at(name)))
      expect(options).toEqual({ ...OPTIONS, resume: at(name) })
      expect(kept).toMatchObject({ path: at(name), resumed: true })
    }
  })

  it('refuses what is no run of the example', async () => {
    await createRun(at('runs/cnn'), { example: 'cnn', options: OPTIONS })
    await createRun(at('several/nothing'), { example: 'overfit', run: 'nothing', options: OPTIONS })
    await createRun(at('own'), { net: 'mine' })
    writeFileSync(at('file'), '')
    mkdirSync(at('damaged'))
    writeFileSync(at('damaged/configuration.json'), '{"format"')
    const several = `pnpm example overfit --resume ${at('several')}`
    const cases = [
      ['missing', `there is no folder ${at('missing')}; give one that --out made`],
      ['file', `${at('file')} is a file, or in one; give a folder`],
      ['several/nothing', `${at('several/nothing')} is one of the runs of overfit; go on with all of them: ${several}`],
      ['runs', `${at('runs')} is not the folder of one run, but holds others; give one of them, as ${at('runs/cnn')}`],
      ['runs/cnn', `is a run of cnn; go on with it: pnpm example cnn --resume ${at('runs/cnn')}`],
      ['own', `the run in ${at('own')} is none of an example's; resume it with the program that began it`],
      ['damaged', 'this is not JSON; the file is damaged'],
    ] as const
    for (const [name, sentence] of cases) {
      const refused: unknown = await keptFor(commandOf('--resume', at(name))).catch((error) => error)
      expect(refused).toBeInstanceOf(CotangentError)
      expect(`${refused}`).toContain(sentence)
    }
    mkdirSync(at('empty'))
    await expect(keptFor(commandOf('--resume', at('empty')))).rejects.toThrow('holds no run; give a folder that --out')
  })
})
