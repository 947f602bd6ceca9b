import { spawn, spawnSync } from 'node:child_process'
import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { ROOT, START } from './example.ts'

/** What runs a program in a terminal, where util-linux is installed. */
const SCRIPT = 'script'
const there = process.platform === 'linux' && spawnSync(SCRIPT, ['--version']).status === 0

/** What a terminal of so many columns is sent by an example. */
function typed(args: string, columns: number, env: Readonly<Record<string, string>>): Promise<string> {
  const node = `'${process.execPath}' ${START.join(' ')} ${args}`
  const child = spawn(SCRIPT, ['-qefc', `stty cols ${columns} && ${node}`, '/dev/null'], {
    cwd: ROOT,
    env: { ...process.env, CI: undefined, TERM: 'xterm-256color', NO_COLOR: undefined, FORCE_COLOR: undefined, ...env },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  let sent = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    sent += text
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', () => resolve(sent))
  })
}

describe.runIf(there).concurrent('pnpm example in a terminal', () => {
  const training = 'overfit --data synthetic --epochs 30'

  it('of 60 columns draws a bar that keeps to one line, and leaves only lines', async () => {
    const sent = await typed(training, 60, {})
    expect(sent).toContain('\u001b[2m')
    const drawings = sent.split('\u001b[1G').filter((part) => part.startsWith('['))
    expect(drawings.length).toBeGreaterThan(3)
    for (const drawing of drawings) {
      const [bar = ''] = stripVTControlCharacters(drawing).split('\r')
      expect(bar).toMatch(/^\[█*░*\] \d+\/270 {2}/)
      expect(bar.length).toBeLessThanOrEqual(57)
    }
    expect(drawings.some((bar) => /loss \d.\d{4} {2}.*left/.test(bar))).toBe(true)
    const lines = stripVTControlCharacters(sent.slice(sent.lastIndexOf('\u001b[1G')))
      .trim()
      .split('\r\n')
    expect(lines.at(-1)).toMatch(/^3 runs of 90 iterations in /)
  })

  it('with NO_COLOR has no colours, in CI no bar', async () => {
    const [plain, integration] = await Promise.all([
      typed(training, 80, { NO_COLOR: '1' }),
      typed(training, 80, { CI: 'true', NO_COLOR: '1' }),
    ])
    const colours = /\[[\d;]*m/
    expect([plain.includes('█'), colours.test(plain)]).toEqual([true, false])
    expect([integration.includes('░'), integration.includes('\u001b')]).toEqual([false, false])
  })
})
