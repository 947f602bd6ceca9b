// Run in a package's folder after tsc: its modules as one file, which is imported in a fraction of the time that hundreds take. The
// type declarations stay as tsc wrote them.
import { readFileSync } from 'node:fs'
import { build } from 'esbuild'

const { name } = JSON.parse(readFileSync('package.json', 'utf8'))
try {
  await build({
    entryPoints: ['src/index.ts'],
    outfile: 'dist/index.js',
    bundle: true,
    packages: 'external',
    format: 'esm',
    platform: 'neutral',
    target: 'es2022',
    sourcemap: true,
    logLevel: 'error',
  })
} catch {
  // esbuild has said which line of which file it does not understand.
  console.error(`error: ${name} cannot be bundled`)
  process.exit(1)
}
