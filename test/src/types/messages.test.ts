import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { ShapeError } from '@cotangent/core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

// What the compiler says, and what is thrown where types do not see it, is the same sentence: each net below is compiled, and run.
const REFUSED: readonly (readonly [code: string, argument: string, sentence: string])[] = [
  [
    'chain(input([1, 28, 28]), layer.conv2d({ filters: 30, kernel: 5 }), layer.maxPool2d(2), layer.dense(100))',
    'Layer<Dense<100>>',
    'dense: needs a flat input, got [30, 12, 12]; put layer.flatten() before it',
  ],
  [
    'chain(input([784]), layer.conv2d({ filters: 30, kernel: 5 }))',
    'Layer<Conv2d<30, 5, 1, 0, 1>>',
    'conv2d: needs an image [channels, height, width], got [784]',
  ],
  [
    'chain(input([784]), layer.relu(), layer.maxPool2d(2))',
    'Layer<Pool2d<"maxPool2d", 2, 2, 0>>',
    'maxPool2d: needs an image [channels, height, width], got [784]',
  ],
  [
    'chain(input([784]), layer.globalAvgPool())',
    'Layer<GlobalPool>',
    'globalAvgPool: needs an image [channels, height, width], got [784]',
  ],
  [
    'chain(input([1, 4, 4]), layer.conv2d({ filters: 8, kernel: 7 }), layer.relu())',
    'Layer<Conv2d<8, 7, 1, 0, 1>>',
    'conv2d: kernel 7 does not fit input [1, 4, 4]',
  ],
  [
    'chain(input([1, 40, 4]), layer.conv2d({ filters: 8, kernel: [3, 7], pad: 1, dilation: [1, 2] }))',
    'Layer<Conv2d<8, readonly [3, 7], 1, 1, readonly [1, 2]>>',
    'conv2d: kernel [3, 7] dilated by [1, 2] does not fit input [1, 40, 4] padded by 1',
  ],
  [
    'chain(input([16, 1, 1]), layer.avgPool2d(2, { stride: 1 }))',
    'Layer<Pool2d<"avgPool2d", 2, 1, 0>>',
    'avgPool2d: kernel 2 does not fit input [16, 1, 1]',
  ],
  [
    'chain(input([784]), layer.dense(50), chain(input([100]), layer.dense(10)))',
    'Net<[100], [10]>',
    'net: takes [100] but gets [50]',
  ],
  [
    'chain(input([4, 6, 6]), layer.residual(layer.conv2d({ filters: 8, kernel: 3 })))',
    'Layer<Residual<readonly [Layer<Conv2d<8, 3, 1, 0, 1>>]>>',
    'residual: its layers turn [4, 6, 6] into [8, 4, 4], which cannot be added; use layer.branches',
  ],
  [
    'chain(input([4, 6, 6]), layer.residual(layer.relu(), layer.dense(4)))',
    'Layer<Residual<readonly [Layer<SameShape>, Layer<Dense<4>>]>>',
    'residual: dense: needs a flat input, got [4, 6, 6]; put layer.flatten() before it',
  ],
  [
    "chain(input([4, 6, 6]), layer.branches('add', [layer.relu()], [layer.maxPool2d(2)]))",
    'Layer<Branches<"add", readonly [readonly [Layer<SameShape>], readonly [Layer<Pool2d<"maxPool2d", 2, 2, 0>>]]>>',
    'branches: add needs equal shapes, got [4, 6, 6] and [4, 3, 3]',
  ],
  [
    "chain(input([4, 6, 6]), layer.branches('concat', [], [layer.flatten()]))",
    'Layer<Branches<"concat", readonly [readonly [], readonly [Layer<Flatten>]]>>',
    'branches: concat needs shapes equal after the first axis, got [4, 6, 6] and [144]',
  ],
]

// Sizes known only as numbers are a question mark to the compiler; at run time they have a value.
const UNKNOWN: readonly (readonly [code: string, sentence: string])[] = [
  [
    'chain(input([1, some, 4]), layer.conv2d({ filters: 4, kernel: 5 }))',
    'conv2d: kernel 5 does not fit input [1, ?, 4]',
  ],
  [
    'chain(input([1, some, 4]), layer.dense(4))',
    'dense: needs a flat input, got [1, ?, 4]; put layer.flatten() before it',
  ],
]

// What an editor shows for a net.
const HOVERED: readonly (readonly [code: string, type: string])[] = [
  [
    'chain(input([1, 28, 28]), layer.conv2d({ filters: 30, kernel: 5 }), layer.relu(), layer.maxPool2d(2))',
    'Net<[1, 28, 28], [30, 12, 12]>',
  ],
  ['twoLayerNet()', 'Net<[784], [10]>'],
  ['deepConvNet({ inputShape: [3, 32, 32] })', 'Net<[3, 32, 32], [10]>'],
  ['chain(input([3, some, 28]), layer.flatten())', 'Net<[3, number, 28], [number]>'],
]

const require = createRequire(import.meta.url)
const models = fileURLToPath(new URL('../../../packages/models/src/index.ts', import.meta.url))
const lines = [
  ...REFUSED.map(([code]) => `() => ${code},`),
  ...UNKNOWN.map(([code]) => `() => ${code},`),
  ...HOVERED.map(([code]) => `(): 0 => ${code},`),
]
const fixture = [
  `import { chain, deepConvNet, input, layer, twoLayerNet } from ${JSON.stringify(models)}`,
  'const some: number = 4',
  'export const nets: (() => unknown)[] = [',
  ...lines,
  ']',
].join('\n')

let folder: string
let errors: readonly string[]
let nets: readonly (() => unknown)[]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'cotangent-types-'))
  const file = join(folder, 'nets.ts')
  await writeFile(file, fixture)
  await writeFile(
    join(folder, 'tsconfig.json'),
    JSON.stringify({
      extends: fileURLToPath(new URL('../../../tsconfig.json', import.meta.url)),
      compilerOptions: { noEmit: true, composite: false, allowImportingTsExtensions: true, types: [] },
      files: ['nets.ts'],
    }),
  )
  errors = await compile(folder)
  nets = (await import(pathToFileURL(file).href)).nets
})

afterAll(() => rm(folder, { recursive: true }))

describe('a layer that does not fit', () => {
  test.each(REFUSED.map((row, index) => [...row, index] as const))('%s', (_code, argument, sentence, index) => {
    expect(errors[index]).toBe(
      `error TS2345: Argument of type '${argument}' is not assignable to parameter of type '"${sentence}"'.`,
    )
    expect(nets[index]).toThrow(new ShapeError(sentence))
  })

  test.each(UNKNOWN.map((row, index) => [...row, REFUSED.length + index] as const))('%s', (_code, sentence, index) => {
    expect(errors[index]).toContain(`is not assignable to parameter of type '"${sentence}"'.`)
    expect(nets[index]).toThrow(new ShapeError(sentence.replace('?', '4')))
  })
})

test.each(HOVERED.map((row, index) => [...row, REFUSED.length + UNKNOWN.length + index] as const))(
  '%s is shown as %s',
  (_code, type, index) => {
    expect(errors[index]).toBe(`error TS2322: Type '${type}' is not assignable to type '0'.`)
  },
)

/** The first line of the compiler's error for each net, in their order. */
async function compile(folder: string): Promise<readonly string[]> {
  const tsc = join(require.resolve('typescript/package.json'), '../bin/tsc')
  const output = await new Promise<string>((resolve) => {
    execFile(process.execPath, [tsc, '--pretty', 'false', '-p', folder], (_, stdout) => resolve(stdout))
  })
  return lines.map((_, index) => {
    const found = output.split('\n').find((line) => line.includes(`nets.ts(${index + 4},`))
    return found?.replace(/^.*?: (?=error)/, '') ?? `no error in:\n${output}`
  })
}
