import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import envPaths from 'env-paths'
import { build } from 'esbuild'
import { BenchError } from '../errors.ts'

/**
 * A peer's program as JavaScript beside its libraries, which are installed in the user's cache if they are not there
 * in these versions; nothing of this project is touched, and no script of theirs is run.
 *
 * @throws BenchError where npm cannot install them.
 */
export async function installPeer(source: URL, packages: Readonly<Record<string, string>>): Promise<string> {
  const name = basename(source.pathname, '.ts')
  const folder = join(envPaths('cotangent', { suffix: '' }).cache, 'peers', name)
  mkdirSync(folder, { recursive: true })
  if (!Object.entries(packages).every(([library, version]) => installed(folder, library) === version)) {
    writeFileSync(
      join(folder, 'package.json'),
      JSON.stringify({ private: true, type: 'module', dependencies: packages }),
    )
    await npmInstall(folder, Object.keys(packages))
  }
  const outfile = join(folder, `${name}.js`)
  await build({
    entryPoints: [fileURLToPath(source)],
    outfile,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  })
  return outfile
}

function installed(folder: string, library: string): string | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, 'node_modules', library, 'package.json'), 'utf8')).version
  } catch {
    return undefined
  }
}

function npmInstall(cwd: string, libraries: readonly string[]): Promise<void> {
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--loglevel', 'error']
  // A script on Windows, which only a shell starts.
  const shell = process.platform === 'win32'
  const child = spawn('npm', ['install', ...flags], { cwd, shell, stdio: ['ignore', 'ignore', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text
  })
  return new Promise((resolve, reject) => {
    const refuse = (reason: string) => reject(new BenchError(`${reason}, to install ${libraries.join(' and ')}`))
    child.on('error', () => refuse('npm was not found'))
    child.on('close', (code) => {
      if (code === 0) resolve()
      else refuse(UNREACHABLE.test(errors) ? 'npm cannot reach its registry' : `npm failed with code ${code}`)
    })
  })
}

/** How the system calls it when there is no network. */
const UNREACHABLE = /ENOTFOUND|ECONNREFUSED|ECONNRESET|EAI_AGAIN|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|network/
