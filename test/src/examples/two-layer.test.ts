import { describe, expect, it } from 'vitest'
import { dataSet } from './data-set.ts'
import { digits, linesOf, recordsOf, runExample } from './example.ts'

const twoLayer = (...args: readonly string[]) => ['two-layer', ...digits.options, '--hidden-size', '8', ...args]

describe.concurrent('pnpm example two-layer', () => {
  it('--json writes a line for each epoch and one for the end, the same for the same seed', async () => {
    const args = twoLayer('--json', '--iterations', '50', '--batch-size', '2000', '--seed', '3')
    const [first, second] = await Promise.all([runExample(args), runExample(args)])
    expect([first.code, first.stderr]).toEqual([0, ''])
    const records = recordsOf(first)
    expect(records.map(({ type, epoch, iteration }) => [type, epoch, iteration])).toEqual([
      ['epoch', 1, 30],
      ['epoch', 2, 50],
      ['end', undefined, undefined],
    ])
    const [, last, end] = records
    const accuracies = { trainAccuracy: last?.trainAccuracy, testAccuracy: last?.testAccuracy }
    expect(end).toMatchObject({ reason: 'complete', data: digits.name, iterations: 50, measuredAt: 50, ...accuracies })
    for (const record of records) {
      for (const value of [record.loss, record.seconds, record.trainAccuracy, record.testAccuracy]) {
        expect(value).toSatisfy((one) => Number.isFinite(one) && one >= 0)
      }
    }
    const timeless = recordsOf(second).map((record, index) => ({ ...record, seconds: records[index]?.seconds }))
    expect(timeless).toEqual(records)
  })

  it('in a pipe writes plain lines, and learns', async () => {
    const { code, stdout, stderr } = await runExample(twoLayer('--iterations', '600'))
    expect([code, stderr]).toEqual([0, ''])
    expect([stdout.includes('\u001b'), stdout.includes('\r')]).toEqual([false, false])
    const lines = linesOf(stdout)
    expect(lines[0]).toBe(`TwoLayerNet 784-8-10 on ${digits.name} (60,000 to train, 10,000 to test)`)
    expect(lines[1]).toBe('600 iterations of 100 images (1 epoch), sgd 0.1, seed 0')
    const rows = lines.slice(3, -2).map((line) => line.trim().split(/ +/))
    expect(rows.map(([iteration]) => iteration)).toEqual(Array.from({ length: 10 }, (_, at) => `${60 * (at + 1)}`))
    expect(Number(rows.at(-1)?.[2])).toBeLessThan(Number(rows[0]?.[2]) / 2)
    expect(lines.at(-1)).toMatch(
      /^600 iterations in .* s: train accuracy \d\d\.\d\d%, test accuracy [6-9]\d\.\d\d% on /,
    )
  })

  it('both engines take the same steps', async () => {
    const args = ['two-layer', '--data-dir', dataSet(), '--batch-size', '5', '--epochs', '5', '--json']
    const [compiled, reference] = await Promise.all([
      runExample([...args, '--engine', 'compiled']),
      runExample([...args, '--engine', 'reference']),
    ])
    const losses = [compiled, reference].map((ended) => recordsOf(ended).map(({ loss }) => Number(loss)))
    expect(losses[0]).toHaveLength(6)
    losses[0]!.forEach((loss, index) => {
      expect(loss).toBeCloseTo(losses[1]![index]!, 5)
    })
  })

  it('Ctrl-C ends it with what was reached, also where a runner passes the signal on once more', async () => {
    let sent = false
    const interrupted = await runExample(twoLayer('--json', '--iterations', '10000000', '--batch-size', '2000'), {
      onOutput: (stdout, child) => {
        // Once: what comes after the end would find nobody who hears it.
        if (sent || !stdout.includes('\n')) return
        sent = true
        child.kill('SIGINT')
        child.kill('SIGINT')
      },
    })
    expect([interrupted.code, interrupted.stderr]).toEqual([130, ''])
    const records = recordsOf(interrupted)
    const end = records.at(-1)
    const measured = records.filter(({ type }) => type === 'epoch').at(-1)
    expect(end).toMatchObject({
      type: 'end',
      reason: 'aborted',
      measuredAt: measured?.iteration,
      trainAccuracy: measured?.trainAccuracy,
      testAccuracy: measured?.testAccuracy,
    })
    expect(end?.iterations).toSatisfy((count: number) => count >= Number(measured?.iteration) && count < 10_000_000)
  })

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s as soon as it begins says so in words, and how to keep a run', async (signal, exitCode) => {
    const { code, stdout, stderr } = await runExample(twoLayer('--iterations', '10000000'), {
      onOutput: (stdout, child) => {
        if (!child.killed && stdout.includes('iteration  epoch')) child.kill(signal)
      },
    })
    expect([code, stderr]).toEqual([exitCode, ''])
    expect(linesOf(stdout).at(-2)).toMatch(
      /^stopped after [\d,]+ of 10,000,000 iterations in .* s: (train|no) accuracy /,
    )
    expect(linesOf(stdout).at(-1)).toBe(
      'nothing of it was kept: with --out <folder>, training can be stopped and resumed',
    )
  })

  it('ends quietly once nobody reads on', async () => {
    const { code, stderr } = await runExample(twoLayer('--iterations', '10000000', '--batch-size', '2000'), {
      onOutput: (_, child) => {
        child.stdout?.destroy()
      },
    })
    expect([code, stderr]).toEqual([0, ''])
  })

  it('stops where the loss diverges, and suggests another learning rate', async () => {
    const { code, stderr } = await runExample(twoLayer('--learning-rate', '1e38', '--iterations', '100'))
    expect(code).toBe(1)
    expect(stderr).toMatch(
      /^error: fit: the loss became (NaN|Infinity) at iteration \d+ \(epoch 1\); choose a smaller learning rate than 1e\+38, or clip the gradients\n$/,
    )
  })

  it('refuses batches of more images than there are', async () => {
    const { code, stdout, stderr } = await runExample(twoLayer('--batch-size', '60001'))
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe('error: --batch-size is 60001, but there are 60000 images to train on; give at most as many\n')
  })
})
