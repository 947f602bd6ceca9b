/** Wrong versions of the compiler: small changes of its source, and the tests beside it that must notice. */
import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** One change: `from`, which stands once in the file, becomes `to`. */
export interface SourceMutant {
  readonly kind: string
  readonly file: string
  readonly from: string
  readonly to: string
}

type Change = readonly [from: string, to: string]

export const among = (kind: string, file: string, changes: readonly Change[]): SourceMutant[] =>
  changes.map(([from, to]) => ({ kind, file, from, to }))

/**
 * The rules that simplify and fuse, and those that decide where values lie and for how long. Changes that only make more or fewer
 * copies of the same values are not listed unless a test counts the copies.
 */
export const COMPILER_MUTANTS: readonly SourceMutant[] = [
  ...among('simplification', 'simplify.ts', [
    ["{ removes: 'computed twice', rewrite: withoutRepeats },\n  // Con", '// Con'],
    ["{ removes: 'needed by no result', rewrite: withoutDead },", ''],
    ['JSON.stringify(origin.kernel, (_, value) => spell(value))', "''"],
    ["origin.inputs.join(',')", "''"],
    ['origin.inputs.join', 'origin.inputs.toSorted((a, b) => a - b).join'],
    ["join(',')} ${node.dtype", "join(',')} ${''"],
    ["node.shape.join(',')}`\n}", "''}`\n}"],
    ['spell(scalar)} ${node.dtype', "spell(scalar)} ${''"],
    ['{spell(scalar)}', '{Math.abs(scalar)}'],
    ['{spell(scalar)}', '{scalar}'],
    ['|| Object.is(value, -0))', ')'],
    ['(!Number.isFinite(value) || ', '('],
    ['results: graph.results.map((place) => places[place]!)', 'results: graph.results'],
    ['results: graph.results.map((place) => places.get(place)!)', 'results: graph.results'],
    ["if (!needed.has(place) && node.origin.from !== 'argument') return", 'if (!needed.has(place)) return'],
    ['for (const input of inputsOf(graph.nodes[place]!)) needed.add(input)', 'needed.add(place - 1)'],
  ]),
  ...among('fusion', 'placement.ts', [
    ['const CHEAP = 2', 'const CHEAP = 1000'],
    ['const CHEAP = 2', 'const CHEAP = -1'],
    ['if (grows) repeated.add(place)', ''],
    ['if (own.length > 1 && !within) repeated.add(place)', ''],
    ['const whole = new Set(graph.results)', 'const whole = new Set<number>()'],
    ['if (!onlyUnits(node.shape, graph.nodes[first!]!.shape)) whole.add(first!)', ''],
    ["case 'gather':\n        whole.add(first!)", "case 'gather':"],
    ["new Set(['map', 'gather'] as const)", 'new Set()'],
    ["      case 'scatterAdd':\n", ''],
    ["case 'scan':\n", ''],
    ["      case 'random':\n", ''],
    ['return buffers[source!]\n', 'return place\n'],
    ['repeated.add(origin.inputs[0]!)', ''],
    ['work.push(buffer === undefined ? ownWork(node) + inner : 0)', 'work.push(0)'],
    ['work.push(buffer === undefined ? ownWork(node) + inner : 0)', 'work.push(ownWork(node) + inner)'],
    [
      'wanted || scalarConstant(node) === undefined ? place : undefined',
      'scalarConstant(node) === undefined ? place : undefined',
    ],
  ]),
  ...among('fusion', 'placement.ts', [
    ['if (results.has(place) || buffers[place] !== place', 'if (buffers[place] !== place'],
    ['return ends.size === 1 && ', 'return '],
    ['if (!isMapOf(graph.nodes[user]!, shape)) return undefined\n      if', 'if'],
    ['finished.has(finisher) || ', ''],
    ['innermost[place] = innermost[finisher]', ''],
    ['if (innerFrom === undefined && innerTo === undefined) return true', 'return true'],
  ]),
  ...among('regions', 'regions.ts', [['if (!readsOwnSlices(task, slices.loop, written)) break', '']]),
  ...among('regions', 'slices.ts', [[' && strideOf(value.index, at, lengths) === stride', '']]),
  ...among('regions', 'plan.ts', [['region ? [region.from, region.to - 1] : [at, at]', '[at, at]']]),
  ...among('fusion', 'rules/window.ts', [['if (step !== covered) return false', '']]),
  ...among('fusion', 'merge.ts', [
    ['if (related && free && aligned', 'if (related && aligned'],
    ['if (related && free && aligned', 'if (related && free'],
    ['value: forwarded(value),', 'value,'],
    ['const [own, ...also] = [...second, ...first]', 'const [own, ...also] = second'],
  ]),
  ...among('fusion', 'rules/maskOfOutput.ts', [
    ["if (comparison.op !== 'lessEqual' || ", 'if ('],
    ['(input === x ? y : input)', '(input === bound ? y : input)'],
  ]),
  ...among('fusion', 'rules/transposedWindow.ts', [
    ['step: turned[source] ? -1 : 1', 'step: 1'],
    ['start: filters.map((length, source) => (turned[source] ? length - 1 : 0))', 'start: filters.map(() => 0)'],
    ['window.start.push(-(view.start[at]! + (count - 1) * axis.dilation))', 'window.start.push(-view.start[at]!)'],
  ]),
  ...among('fusion', 'rules/paddedFirst.ts', [
    ['start + low[axis]!', 'start'],
    ['start: low.map((length) => -length)', 'start: low.map(() => 0)'],
  ]),
  ...among('Winograd', 'emit/winograd.ts', [
    [
      'keep(minus(d4, times(4, d2))), keep(minus(d3, times(4, d1)))',
      'keep(minus(d4, times(2, d2))), keep(minus(d3, times(4, d1)))',
    ],
    ['keep(minus(d4, d2))', 'keep(plus(d4, d2))'],
    ['keep(times(2, minus(d3, d1)))', 'keep(minus(d3, d1))'],
    ['keep(plus(m1, m2))', 'keep(minus(m2, m1))'],
    ['keep(plus(m3, m4)), keep(minus(m3, m4))', 'keep(plus(m3, m4)), keep(minus(m4, m3))'],
    ['keep(times(2, plus(y1, times(4, y3))))', 'keep(plus(y1, times(4, y3)))'],
    ['keep(times(-1 / 6, g1))', 'keep(times(1 / 6, g1))'],
    ['times(1 / 24, g0), times(1 / 6, g2)', 'times(1 / 24, g0), times(1 / 24, g2)'],
    ['keep(times(1 / 12, g1))', 'keep(times(1 / 6, g1))'],
    ['keep(times(-1 / 6, plus(u1, u2)))', 'keep(times(1 / 6, plus(u1, u2)))'],
    ['keep(plus(u3, u4))', 'keep(minus(u3, u4))'],
  ]),
  ...among('fusion', 'value.ts', [
    ['return low < 0 || high >= view.source[axis]!', 'return high >= view.source[axis]!'],
    ['return low < 0 || high >= view.source[axis]!', 'return low < 0'],
    ['value, fill: view.fill }', 'value, fill: 0 }'],
    ['{JSON.stringify(coordinates)}', "{''}"],
    ['coordinates[axis + lead]!', 'coordinates[axis]!'],
    ['(length === 1 ? fixed(0, this.#rank) : coordinates', '(coordinates'],
    ['stride: this.#placement.stridesOf(x!)[axis]!', 'stride: 1'],
    ['...coordinates.slice(axis, axis + rank)])', '...coordinates.slice(0, rank)])'],
    ['...coordinates.slice(axis + rank)]', '...coordinates.slice(axis + 1)]'],
    [
      'return source.map((length) => (length === 1 ? fixed(0, rank) : long.shift()!))',
      'return coordinates.slice(0, source.length)',
    ],
    ['? [expression.condition, expression.x, expression.y]', '? [expression.condition, expression.y, expression.x]'],
  ]),
  ...among('fusion', 'affine.ts', [
    ['if (reach < 0) low += reach', 'if (reach < 0) high += reach'],
    ['total += factor * term.base', 'total += term.base'],
    ['by[axis]! += factor * coefficient', 'by[axis]! = factor * coefficient'],
  ]),
  ...among('fusion', 'collapse.ts', [
    ['by[before.last] === by[axis]! * length)', 'by[before.last] === by[before.last])'],
    ['affines.every(', 'affines.some('],
    ['if (length === 1) continue', ''],
    [
      'mergedAxes(task.lengths, given, task.rank, affines)',
      'mergedAxes(task.lengths, given, task.lengths.length, affines)',
    ],
    ['return [...value.guards.map(({ place }) => place), ...affinesOf(value.value)]', 'return affinesOf(value.value)'],
  ]),
  ...among('fusion', 'affine.ts', [
    ['view.start[axis]!,', '0,'],
    ['[[step, coordinates[at]!] as const]', '[[1, coordinates[at]!] as const]'],
  ]),
  ...among('lowering', 'lower.ts', [
    ['    reverse,\n', '    reverse: !reverse,\n'],
    ['    exclusive,\n', '    exclusive: !exclusive,\n'],
  ]),
  ...among('lowering', 'lowering/loops.ts', [
    ['begin += shape[axis]!', ''],
    ['const offset = begin * strides[axis]!', 'const offset = begin'],
  ]),
  ...among('lowering', 'lowering/scatters.ts', [
    ['guards: places.map((at, axis) => ({ place: at, below: view.source[axis]! })),', 'guards: [],'],
    ['    start,\n', ''],
    ['stride: strides[axis]!,', 'stride: 1,'],
  ]),
  ...among('lowering', 'lowering/reductions.ts', [
    [
      'const kept = [...source.keys()].filter((axis) => !axes.includes(axis))',
      'const kept = [...source.keys()].slice(axes.length)',
    ],
  ]),
  ...among('lowering', 'lowering/products.ts', [
    ['out.filter((label) => a.includes(label) && b.includes(label))', '[]'],
  ]),
  ...among('lifetimes', 'collapse.ts', [
    ['[value, ...(value.indirect ? loadsIn(value.indirect.value) : [])]', '[value]'],
    ['value.operands.flatMap(loadsIn)', 'loadsIn(value.operands[0]!)'],
  ]),
  ...among('lifetimes', 'plan.ts', [
    ['for (const read of readsOf(task)) last.set(read, end)', ''],
    ['if (!first.has(buffer)) first.set', 'first.set'],
    ['for (const result of graph.results) last.set(placement.bufferOf(result)!, tasks.length)', ''],
    ['visit(task.b)', ''],
    ['if (task.start !== undefined) reads.add(task.start)', ''],
    ['if (task.indirect) visit(task.indirect.value)', ''],
    ['other.from <= life.to &&', 'other.from < life.to &&'],
    ['life.from <= other.to)', 'life.from < other.to)'],
  ]),
  ...among('placement in memory', 'plan.ts', [
    ['if (offset + room(life.bytes) <= other.offset) break', 'if (offset <= other.offset) break'],
    ['offset = Math.max(offset, other.offset + room(other.bytes))', 'offset = other.offset + room(other.bytes)'],
    ['.sort((a, b) => a.offset - b.offset)', ''],
    ['bytes = Math.max(bytes, offset + room(life.bytes))', 'bytes = offset + room(life.bytes)'],
    ['end += room(tensorBytes(node.shape, node.dtype))', ''],
    ['addresses.set(buffer, end + offset)', 'addresses.set(buffer, offset)'],
    ['.filter(({ buffer }) => !elsewhere.has(buffer))', ''],
    ['align(bytes) + LINE', 'align(bytes)'],
    ['Math.ceil(bytes / LINE) * LINE', 'bytes'],
    ['if (sizeOf(node.shape) === 0) addresses.set(place, 0)', ''],
    [
      'shape, dtype } = graph.nodes[buffer]!\n    return { buffer, bytes: sizeOf(shape) * bytesOf(dtype)',
      'shape, dtype } = graph.nodes[buffer]!\n    return { buffer, bytes: sizeOf(shape) * Math.min(4, bytesOf(dtype))',
    ],
  ]),
  ...among('carried state', 'carried.ts', [
    ["if (graph.nodes[source]!.origin.from !== 'kernel' || taken.has(source))", 'if (taken.has(source))'],
    ['if (!carried.has(result) && replaced.has(sourceOf(graph, place))) separate(result)', ''],
    ['replaced.has(sourceOf(graph, place))', 'replaced.has(place)'],
    ['const source = sourceOf(graph, place)', 'const source = place'],
    ['if (place === argument) continue\n', ''],
    ['if (tasks.some((later, index) => index > at && readsOf(later.task).has(argument))) return false', ''],
    ['index > at &&', 'index > at + 1 &&'],
    [' && sameAffine(value.index, store.index)', ''],
    ['value.operands.every(', 'value.operands.some('],
    ['return readsOnlyHere(value.value, argument, store)', 'return true'],
    [
      'const looked = value.indirect ? readsOnlyHere(value.indirect.value, argument, store) : true',
      'const looked = true',
    ],
  ]),
  ...among('program plan', 'program-plan.ts', [
    ['...carried, ...constants', '...constants'],
    [', ...inPlace.keys()]', ']'],
    ['[...computed, ...copies]', 'computed'],
    ['separateCarried(simplify(traced, options), carries)', 'simplify(traced, options)'],
  ]),
]

/** The tests that are run on each mutant; those of its own code (wasm, math) and of threads know nothing of these rules. */
const TESTS = [
  'plan',
  'placement',
  'simplify',
  'collapse',
  'carry',
  'memory',
  'random-steps',
  'compile',
  'fusion',
  'contract',
  'product',
]

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const COMPILER = join(ROOT, 'packages/compile')

/** The source of a mutant's file, changed. */
export function mutated({ file, from, to }: SourceMutant): string {
  const source = readFileSync(join(COMPILER, 'src', file), 'utf8')
  const pieces = source.split(from)
  if (pieces.length !== 2) throw new Error(`${file}: "${from}" stands there ${pieces.length - 1} times, not once`)
  return pieces.join(to)
}

/** The mutants that none of the tests beside the compiler's sources notices; some run at the same time. */
export async function survivorsAmong(
  mutants: readonly SourceMutant[],
  { tests = TESTS, atOnce = 2 }: { readonly tests?: readonly string[]; readonly atOnce?: number } = {},
): Promise<SourceMutant[]> {
  mutants.forEach(mutated)
  if (await testsFail(tests)) throw new Error(`the tests fail without a mutant: ${tests.join(', ')}`)
  const queue = [...mutants]
  const survivors: SourceMutant[] = []
  const work = async (): Promise<void> => {
    for (let mutant = queue.shift(); mutant; mutant = queue.shift()) {
      if (!(await testsFail(tests, mutant))) survivors.push(mutant)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, work))
  return survivors
}

/** Whether the tests fail on a copy of the compiler with the mutant in place; without a mutant, on the compiler as it is. */
async function testsFail(tests: readonly string[], mutant?: SourceMutant): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'cotangent-mutant-'))
  try {
    // As in the workspace: the package's own dependencies beside it, those of the root above.
    const copy = join(folder, 'compile')
    mkdirSync(copy)
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    symlinkSync(join(COMPILER, 'node_modules'), join(copy, 'node_modules'))
    cpSync(join(COMPILER, 'src'), join(copy, 'src'), { recursive: true })
    if (mutant) writeFileSync(join(copy, 'src', mutant.file), mutated(mutant))
    const include = tests.map((name) => `compile/src/${name}.test.ts`)
    const config = {
      test: {
        include,
        isolate: false,
        bail: 1,
        fileParallelism: false,
        testTimeout: 60_000,
        env: { COTANGENT_THREADS: '1', COTANGENT_MICRO_KERNELS: 'wide' },
      },
    }
    writeFileSync(join(folder, 'vitest.config.mjs'), `export default ${JSON.stringify(config)}`)
    return (await exitCode(folder)) !== 0
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** A mutant may well run forever. */
const PATIENCE_MS = 180_000

function exitCode(folder: string): Promise<number | null> {
  const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs')
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [vitest, 'run', '--root', folder, '--silent'], {
      stdio: 'ignore',
      timeout: PATIENCE_MS,
      killSignal: 'SIGKILL',
    })
    child.on('error', reject)
    child.on('exit', resolve)
  })
}
