import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'
import { BenchError } from './errors.ts'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

const PACKAGES = ['core', 'ops', 'models', 'compile', 'train']

/**
 * Builds the packages and installs them, as they are published, in a folder of their own; the program `firstStep.ts` beside them.
 *
 * @throws BenchError where they do not build.
 */
export function builtPackages(scratch: string): string {
  const folder = join(scratch, 'built')
  const program = join(folder, 'firstStep.js')
  if (mkdirSync(folder, { recursive: true }) === undefined) return program
  const compiler = createRequire(join(ROOT, 'package.json')).resolve('typescript/package.json')
  const projects = PACKAGES.map((name) => join(ROOT, 'packages', name))
  const { status } = spawnSync(process.execPath, [join(dirname(compiler), 'bin/tsc'), '-b', ...projects])
  const bundle = join(ROOT, 'packages/bundle.mjs')
  const built = status === 0 && projects.every((cwd) => spawnSync(process.execPath, [bundle], { cwd }).status === 0)
  if (!built) throw new BenchError('the packages do not build; `pnpm build` says why')
  for (const [at, name] of PACKAGES.entries())
    install(projects[at]!, join(folder, 'node_modules/@cotangent', name), folder)
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, type: 'module' }))
  buildSync({
    entryPoints: [fileURLToPath(new URL('firstStep.ts', import.meta.url))],
    outfile: program,
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
  })
  return program
}

/** Puts a package where it would be installed, with the entry points of the published one, and what it depends on. */
function install(project: string, target: string, folder: string): void {
  const { publishConfig, ...manifest } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8'))
  cpSync(join(project, 'dist'), join(target, 'dist'), { recursive: true })
  writeFileSync(join(target, 'package.json'), JSON.stringify({ ...manifest, ...publishConfig }))
  for (const dependency of Object.keys(manifest.dependencies ?? {})) {
    if (dependency.startsWith('@cotangent/')) continue
    const place = join(folder, 'node_modules', dependency)
    mkdirSync(dirname(place), { recursive: true })
    symlinkSync(realpathSync(join(project, 'node_modules', dependency)), place, 'junction')
  }
}
