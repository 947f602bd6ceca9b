import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { dataSet, folder } from './data-set.ts'
import { linesOf, recordsOf, runExample } from './example.ts'

/** What the checkpoints of a run hold: file by file the bytes of the tensors. */
const tensorsOf = (run: string): Record<string, string> =>
  Object.fromEntries(
    readdirSync(join(run, 'checkpoints'))
      .filter((name) => name.endsWith('.safetensors'))
      .map((name) => [name, readFileSync(join(run, 'checkpoints', name)).toString('base64')]),
  )

/** The lines of its metrics, but for the time. */
const metricsOf = (run: string): Record<string, unknown>[] =>
  linesOf(readFileSync(join(run, 'metrics.jsonl'), 'utf8')).map((line) => ({ ...JSON.parse(line), seconds: 0 }))

describe.concurrent('a run that is kept', () => {
  it('goes on after Ctrl-C to the bits of one that nobody interrupted', async () => {
    const runs = folder()
    const [part, whole, data] = [join(runs, 'part'), join(runs, 'whole'), ['--data-dir', dataSet()]]
    const begin = ['two-layer', ...data, '--batch-size', '5', '--hidden-size', '8']
    const stopped = await runExample([...begin, '--out', part, '--epochs', '1000000', '--json'], {
      onOutput: (stdout, child) => {
        if (!child.killed && stdout.includes('\n')) child.kill('SIGINT')
      },
    })
    expect([stopped.code, stopped.stderr]).toEqual([130, ''])
    const end = recordsOf(stopped).at(-1)
    const resume = ['two-layer', '--resume', part, ...data]
    expect(end).toMatchObject({ reason: 'aborted', folder: part, resume: `pnpm example ${resume.join(' ')}` })
    expect(existsSync(join(part, 'report.html'))).toBe(false)

    const reached = Number(end?.iterations)
    const iterations = ['--iterations', `${reached + 7}`]
    const [resumed, uninterrupted] = await Promise.all([
      runExample([...resume, ...iterations]),
      runExample([...begin, '--out', whole, ...iterations]),
    ])
    expect([resumed.code, resumed.stderr, uninterrupted.code]).toEqual([0, '', 0])
    const lines = linesOf(resumed.stdout)
    expect(lines[2]).toBe(`goes on from iteration ${reached.toLocaleString('en-US')}`)
    expect(lines.at(-2)).toMatch(/^[\d,]+ iterations, 7 of them in .* s: train accuracy /)
    expect(lines.at(-1)).toBe(`kept in ${part}; open ${join(part, 'report.html')} in a browser`)
    const last = `${reached + 7}`.padStart(8, '0')
    expect(tensorsOf(part)[`${last}.safetensors`]).toBe(tensorsOf(whole)[`${last}.safetensors`])
    expect(metricsOf(part)).toEqual(metricsOf(whole))
    const page = readFileSync(join(part, 'report.html'), 'utf8')
    expect(page).toContain('28 × 28 weights each')
    expect(page).toContain('the layer’s outputs')
    for (const shown of ['<svg', '<dt>time</dt>']) expect(page).toContain(shown)

    const [again, contradicted] = await Promise.all([
      runExample([...begin, '--out', whole]),
      runExample([...resume, '--hidden-size', '9']),
    ])
    expect([again.code, again.stdout, linesOf(again.stderr).length]).toEqual([1, '', 1])
    expect(again.stderr).toContain(`${whole} holds a run already; go on with it by --resume ${whole}`)
    expect([contradicted.code, contradicted.stdout]).toEqual([1, ''])
    expect(contradicted.stderr).toBe(
      `error: ${part} was trained with --hidden-size 8, not 9; leave out what differs, or train anew with --out\n`,
    )
  })

  it('may be one of several: those that are complete are not trained again', async () => {
    const runs = folder()
    const args = ['--data', 'synthetic', '--epochs', '2', '--json']
    const first = await runExample(['overfit', ...args, '--out', runs])
    expect([first.code, first.stderr]).toEqual([0, ''])
    expect(readdirSync(runs).toSorted()).toEqual(['decay-0.1', 'dropout-0.2', 'nothing'])
    const before = tensorsOf(join(runs, 'dropout-0.2'))
    rmSync(join(runs, 'dropout-0.2'), { recursive: true })

    const { code, stderr, stdout } = await runExample(['overfit', '--resume', runs, '--json'])
    expect([code, stderr]).toEqual([0, ''])
    expect(recordsOf({ code, stderr, stdout }).map(({ type, run, iteration }) => [type, run, iteration])).toEqual([
      ['resume', 'nothing', 6],
      ['end', 'nothing', undefined],
      ['resume', 'decay 0.1', 6],
      ['end', 'decay 0.1', undefined],
      ['epoch', 'dropout 0.2', 3],
      ['epoch', 'dropout 0.2', 6],
      ['end', 'dropout 0.2', undefined],
    ])
    expect(tensorsOf(join(runs, 'dropout-0.2'))).toEqual(before)
  })
})
