// Starts the examples: their TypeScript, and all of the packages', bundled into plain JavaScript once after each change, which starts
// faster and takes 35 MB less than a loader that translates file after file. What the engine made of it is kept as well, of each
// example on its own. (`pnpm example` gives Node a small young generation: next to nothing is allocated while nets train, so another
// 10 MB are saved at no cost; and lets us collect garbage when there is much of it.)
const { createHash } = require('node:crypto')
const {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} = require('node:fs')
const { basename, dirname, join } = require('node:path')
const { pathToFileURL } = require('node:url')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

const packages = join(__dirname, '../packages')
const cache = join(__dirname, 'node_modules/.cache/examples')

// V8 of Node 20 multiplies and adds with one rounding (relaxed SIMD) only where it is told to; later ones do by themselves.
if (process.versions.v8.startsWith('11.3.')) setFlagsFromString('--experimental-wasm-relaxed-simd')

const [first, ...others] = process.argv.slice(2).filter((word) => word !== '--')
const namesFile = others.some((word, at) => others[at - 1] !== '--out' && existsSync(word))
const started = first === 'graph' && namesFile ? runSources() : runBundle()
started.catch((error) => {
  console.error(`error: the examples cannot be started: ${error.message}`)
  if (process.env.DEBUG) console.error(error.stack)
  process.exitCode = 1
})

/** A module of the user's own imports the packages itself: there must be one copy of them. */
async function runSources() {
  const { register } = await import('tsx/esm/api')
  register()
  await import('./src/main.ts')
}

async function runBundle() {
  const file = await bundled()
  const compiledFile = join(dirname(file), `${compiledName()}.compiled`)
  const cachedData = read(compiledFile)
  const script = new Script(readFileSync(file, 'latin1'), { filename: file, cachedData })
  // The engine refuses what was made with other flags.
  if (cachedData === undefined || script.cachedDataRejected) {
    // In the end it has compiled all that the example needs.
    process.once('exit', (code) => code === 0 && keep(compiledFile, script.createCachedData()))
  }
  const module = { exports: {} }
  script.runInThisContext()(module.exports, require, module)
}

/** What an example runs of the bundle depends on its name, and on whether what it makes is kept. */
function compiledName() {
  const kept = others.some((word) => /^--(out|resume)\b/.test(word))
  return `${basename(first ?? 'list')}${kept ? '-kept' : ''}-${process.version}`
}

/** The file with the bundle of the sources as they are now: a function of `exports`, `require` and `module`, in ASCII. */
async function bundled() {
  const folder = join(cache, fingerprint())
  const file = join(folder, 'main.cjs')
  if (existsSync(file)) return file
  const { build } = await import('esbuild')
  const unfinished = `${folder}.${process.pid}`
  try {
    const bundle = await build({
      entryPoints: [join(__dirname, 'src/main.ts')],
      outfile: join(unfinished, 'main.cjs'),
      bundle: true,
      format: 'cjs',
      platform: 'node',
      target: 'node20',
      // Node's own modules are all that is loaded in the end, and a script that is no file's cannot import.
      supported: { 'dynamic-import': false },
      sourcemap: 'linked',
      write: false,
      minifySyntax: true,
      minifyWhitespace: true,
      logLevel: 'error',
      banner: { js: '(function (exports, require, module) {' },
      footer: { js: '})' },
      plugins: [whereSourcesAre],
    })
    mkdirSync(unfinished)
    for (const { path, text } of bundle.outputFiles) writeFileSync(path, path.endsWith('.map') ? text : escaped(text))
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    // esbuild has said which line of which file it does not understand.
    if (error.errors === undefined) console.error(`error: the examples cannot be bundled: ${error.message}`)
    process.exit(1)
  }
  const old = readdirSync(cache).filter((name) => !name.includes('.') && name !== basename(folder))
  try {
    renameSync(unfinished, folder)
  } catch {
    // Another process was first; or the folder is what was left of one.
    const left = existsSync(file) ? unfinished : folder
    rmSync(left, { recursive: true, force: true })
    if (left === folder) renameSync(unfinished, folder)
  }
  for (const name of old) rmSync(join(cache, name), { recursive: true, force: true })
  return file
}

/** A text of which each character is one byte takes half the memory; esbuild leaves some in templates that are more. */
const escaped = (code) =>
  code.replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)

/** Modules that ask where they lie are told where their source does. */
const whereSourcesAre = {
  name: 'where sources are',
  setup({ onLoad }) {
    onLoad({ filter: /callSite\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8').replaceAll('import.meta.url', JSON.stringify(pathToFileURL(path).href)),
      loader: 'ts',
    }))
  },
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest()

/** Writes bytes behind their SHA-256, whole or not at all: several processes may be at it. Without them, the next start takes longer. */
function keep(file, bytes) {
  const unfinished = `${file}.${process.pid}`
  try {
    writeFileSync(unfinished, Buffer.concat([sha256(bytes), bytes]))
    renameSync(unfinished, file)
  } catch {
    rmSync(unfinished, { force: true })
  }
}

/** What was kept, if it is there and can be read, just as it was written: code that is damaged would end the process. */
function read(file) {
  try {
    const bytes = readFileSync(file)
    const content = bytes.subarray(32)
    return sha256(content).equals(bytes.subarray(0, 32)) ? content : undefined
  } catch {
    return undefined
  }
}

/** What changes with every file that the bundle is made of. */
function fingerprint() {
  mkdirSync(cache, { recursive: true })
  const hash = createHash('sha256')
  const visit = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = join(folder, entry.name)
      if (entry.isDirectory()) visit(path)
      else if (entry.name.endsWith('.ts') && !entry.name.includes('.test.')) {
        const { mtimeMs, size } = statSync(path)
        hash.update(`${path} ${mtimeMs} ${size}\n`)
      }
    }
  }
  for (const entry of readdirSync(packages, { withFileTypes: true })) {
    if (entry.isDirectory()) visit(join(packages, entry.name, 'src'))
  }
  visit(join(__dirname, 'src'))
  for (const file of [__filename, join(__dirname, '../pnpm-lock.yaml')]) {
    const { mtimeMs, size } = statSync(file)
    hash.update(`${file} ${mtimeMs} ${size}\n`)
  }
  return hash.digest('hex').slice(0, 16)
}
