/** TypeScript given as text, checked by the compiler and imported. */
import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

interface CompiledModules {
  /** What the compiler says, one error a line; empty if all is well. */
  readonly errors: string
  /** The imported modules, in the order given. */
  readonly modules: readonly Readonly<Record<string, unknown>>[]
  /** Removes the files. */
  remove(): Promise<void>
}

/** Compiles and imports modules given by name and source; they import what they need by absolute paths. */
export async function compiledModules(sources: Readonly<Record<string, string>>): Promise<CompiledModules> {
  const folder = await mkdtemp(join(tmpdir(), 'cotangent-docs-'))
  const files = Object.keys(sources).map((name) => `${name}.ts`)
  await Promise.all(files.map((file) => writeFile(join(folder, file), sources[file.slice(0, -'.ts'.length)]!)))
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module' }))
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: join(ROOT, 'tsconfig.json'),
      compilerOptions: {
        noEmit: true,
        composite: false,
        allowImportingTsExtensions: true,
        rewriteRelativeImportExtensions: false,
        noUnusedLocals: false,
        noUnusedParameters: false,
        typeRoots: [join(ROOT, 'node_modules/@types')],
      },
      files,
    }),
  )
  const [errors, ...modules] = await Promise.all([
    compilerErrors(folder),
    ...files.map((file): Promise<Record<string, unknown>> => import(pathToFileURL(join(folder, file)).href)),
  ])
  return { errors, modules, remove: () => rm(folder, { recursive: true }) }
}

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))

/** What the compiler prints. */
function compilerErrors(folder: string): Promise<string> {
  const tsc = join(createRequire(import.meta.url).resolve('typescript/package.json'), '../bin/tsc')
  return new Promise((resolve) => {
    execFile(process.execPath, [tsc, '--pretty', 'false', '-p', folder], (_, stdout) => resolve(stdout.trim()))
  })
}
