import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { randomKey, type Tensor } from '@cotangent/core'
import { uniform } from '@cotangent/ops'
import { fit } from '@cotangent/train'
import { expect, it } from 'vitest'
import { openRun } from './run.ts'
import { linesOf, temporaryRun } from './testing/folder.ts'
import { bits, like, manyCheckpoints } from './testing/training.ts'

const path = temporaryRun()

const FULL = process.env.LAWS === 'full'
const KILLS = FULL ? 50 : 3
/** When a child is killed: so many milliseconds after it has said so many lines. */
interface Death {
  readonly lines: number
  readonly after: number
}

const CHILD = fileURLToPath(new URL('./testing/child.ts', import.meta.url))

/** What became of a child. */
interface Life {
  readonly said: string
  readonly complaint: string
  readonly killed: boolean
}

/** Runs the child until it ends, or is killed. */
function live(run: string, order: 'create' | 'resume', death?: Death): Promise<Life> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['--import', 'tsx', CHILD, run, order], { stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    let complaint = ''
    let dying = false
    const listen = (): void => {
      if (dying || death === undefined || said.split('\n').length <= death.lines) return
      dying = true
      setTimeout(() => child.kill('SIGKILL'), death.after).unref()
    }
    listen()
    child.stdout.on('data', (text) => {
      said += text
      listen()
    })
    child.stderr.on('data', (text) => {
      complaint += text
    })
    child.on('close', (_, signal) => resolve({ said, complaint, killed: signal === 'SIGKILL' }))
  })
}

it(
  `a run that is killed ${KILLS} times is resumed each time, and ends with the same bits`,
  async () => {
    const moments = uniform(randomKey(41), [KILLS, 3]) as Tensor<'float32'>
    const whole = await fit(manyCheckpoints)
    const expectWhole = async (): Promise<void> => {
      const reached = await (await openRun(path())).latest(like)
      expect(bits(reached?.state)).toEqual(bits(whole.state))
      expect(reached?.record).toEqual(whole.record)
      const lines = await linesOf(path())
      expect(lines.flatMap(({ type, loss }) => (type === 'iteration' ? [loss] : []))).toEqual(
        whole.record.history.flatMap(({ losses }) => losses),
      )
      expect(
        lines.flatMap(({ type, epoch, testAccuracy }) => (type === 'epoch' ? [[epoch, testAccuracy]] : [])),
      ).toEqual(whole.record.history.map(({ epoch, testAccuracy }) => [epoch, testAccuracy]))
    }
    const order = () => (existsSync(join(path(), 'configuration.json')) ? 'resume' : 'create')
    const begun: number[] = []
    const lives = async (death?: Death): Promise<boolean> => {
      const { said, complaint, killed } = await live(path(), order(), death)
      expect(complaint).toBe('')
      expect(said).not.toContain(';')
      const from = /^from iteration (\d+)\n/.exec(said)?.[1]
      if (from !== undefined) begun.push(Number(from))
      expect(killed || said.endsWith('complete\n')).toBe(true)
      if (killed) return false
      await expectWhole()
      await rm(path(), { recursive: true })
      return true
    }
    for (let kill = 0; kill < KILLS; kill++) {
      const [which = 0, lines = 0, after = 0] = moments.data.slice(3 * kill, 3 * kill + 3)
      // One in five while it starts, the others after two to nine epochs.
      const death =
        which < 0.2 ? { lines: 0, after: 1200 * after } : { lines: Math.floor(3 + 8 * lines), after: 40 * after }
      // A child that was quicker than its death has to be born again.
      while (await lives(death)) {}
    }
    expect(await lives()).toBe(true)
    expect(Math.max(...begun)).toBeGreaterThan(0)
  },
  FULL ? 600_000 : 60_000,
)
