/**
 * Everything there is to test, for an hour: `pnpm test:full [stages…]`. The suite with all of the long laws, the mutation run, and
 * the suite once more on other versions of Node, which npm brings; a version that cannot be had is skipped in a sentence.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const VITEST = ['node_modules/vitest/vitest.mjs', 'run']

/** The versions that are kept up, by the first of their numbers, and the oldest that is supported. */
const VERSIONS = [20, 22, 24, 26]

type Result = 'passed' | 'FAILED' | `skipped: ${string}`

const STAGES: Readonly<Record<string, () => Result>> = {
  laws: () => run(process.execPath, VITEST, { LAWS: 'full' }),
  mutation: () => run(process.execPath, ['--import', 'tsx', 'test/src/mutation.ts']),
  ...Object.fromEntries(VERSIONS.map((version) => [`node-${version}`, () => onNode(version)])),
}

const asked = process.argv.slice(2)
const unknown = asked.find((name) => !Object.hasOwn(STAGES, name))
if (unknown === undefined) {
  const stages = Object.entries(STAGES).filter(([name]) => asked.length === 0 || asked.includes(name))
  const results = stages.map(([name, stage]): [name: string, result: Result] => {
    console.log(`\n== ${name}`)
    return [name, stage()]
  })
  console.log()
  for (const [name, result] of results) console.log(`${name.padEnd(10)} ${result}`)
  process.exitCode = results.some(([, result]) => result === 'FAILED') ? 1 : 0
} else {
  console.error(
    `error: there is no stage ${JSON.stringify(unknown)}; choose from ${Object.keys(STAGES).join(', ')}, or name none for all`,
  )
  process.exitCode = 1
}

/** Runs the suite on another version of Node. */
function onNode(version: number): Result {
  if (process.versions.node.startsWith(`${version}.`)) return 'skipped: this is the version that runs the other stages'
  // A script on Windows, which only a shell starts.
  const shell = process.platform === 'win32'
  const found = spawnSync('npx', ['--yes', `node@${version}`, '-p', 'process.execPath'], { encoding: 'utf8', shell })
  const node = found.stdout?.trim().split('\n').at(-1)
  if (found.status !== 0 || !node) return `skipped: npm cannot bring Node ${version} here`
  return run(node, VITEST)
}

/** Runs a program in the root of the project, with its output shown. */
function run(file: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Result {
  const { status } = spawnSync(file, args, { cwd: ROOT, env: { ...process.env, ...env }, stdio: 'inherit' })
  return status === 0 ? 'passed' : 'FAILED'
}
