import { ShapeError, tensor, treeMap, valueAndGrad, zeros } from '@cotangent/core'
import {
  chain,
  deepConvNet,
  input,
  layer,
  multiLayerNet,
  type Net,
  simpleConvNet,
  twoLayerNet,
} from '@cotangent/models'
import { div, meanSquaredError, mul, oneHot, sigmoid, slice, softmax } from '@cotangent/ops'
import { describe, expect, test } from 'vitest'
import { describeRun, prepareReport } from './describe.ts'
import { reportPage } from './page.ts'
import { recordOf, untrained } from './report.fixtures.ts'

describe('a classifier', () => {
  const run = untrained(chain(input([1, 6, 6]), layer.flatten(), layer.dense(8), layer.relu(), layer.dense(3)), 2345)
  const report = describeRun(run)
  const probabilities = softmax(
    run.net.predict(run.state.params, run.state.netState, run.test.x),
  ).toArray() as number[][]
  const labels = Array.from(run.test.t.data)
  const predicted = probabilities.map((row) => row.indexOf(Math.max(...row)))

  test('has the confusion matrix that a loop counts', () => {
    const counted = [0, 1, 2].map((label) =>
      [0, 1, 2].map((taken) => labels.filter((own, at) => own === label && predicted[at] === taken).length),
    )
    expect(report.test?.confusion).toEqual(counted)
    expect(report.test?.count).toBe(2345)
    expect(report.test?.correct).toBe(counted[0]![0]! + counted[1]![1]! + counted[2]![2]!)
    expect(counted.flat().filter((count) => count > 0).length).toBeGreaterThan(3)
  })

  test('has for its worst mistakes those that a sort finds, with probabilities and pixels', () => {
    const mistakes = report.test!.mistakes
    const wrong = [...labels.keys()].filter((at) => predicted[at] !== labels[at])
    const given = (at: number) => probabilities[at]![labels[at]!]!
    const worst = wrong.sort((a, b) => given(a) - given(b)).slice(0, mistakes.length)
    expect(mistakes.length).toBe(24)
    for (const [at, { index, label, predicted: taken, probabilities: own, picture }] of mistakes.entries()) {
      // Compiled and reference probabilities may differ in their last bits, and so the order of near equal ones.
      expect(given(index)).toBeCloseTo(given(worst[at]!), 5)
      expect([label, taken]).toEqual([labels[index], predicted[index]])
      for (const [of, share] of own.entries()) expect(share).toBeCloseTo(probabilities[index]![of]!, 5)
      const pixels = Array.from(run.test.x.data.slice(index * 36, (index + 1) * 36), (value) => Math.round(value * 255))
      expect(picture).toEqual({ shape: [1, 6, 6], levels: pixels })
    }
  })

  test('is the same for labels as one-hot rows', () => {
    const rows = describeRun({ ...run, test: { x: run.test.x, t: oneHot(run.test.t, { classes: 3 }) } })
    expect(rows.test).toEqual(report.test)
  })

  test('has the gradients that grad finds', () => {
    const { net, state, test: samples } = run
    const [x, t] = [
      tensor(samples.x.data.slice(0, 3600), { shape: [100, 1, 6, 6] }),
      tensor(samples.t.data.slice(0, 100) as Int32Array),
    ]
    const [, gradients] = valueAndGrad(net.loss, { hasAux: true })(state.params, state.netState, x, t)
    for (const name of ['dense1', 'dense2']) {
      const own = gradients[name] as { W: typeof x; b: typeof x }
      const all = [...own.W.data, ...own.b.data]
      const found = report.signals.find((one) => one.layer === name)!.parameterGradients!
      expect(found.count).toBe(all.length)
      expect(found.mean).toBeCloseTo(all.reduce((sum, value) => sum + value, 0) / all.length, 6)
      expect(found.zeros).toBe(all.filter((value) => value === 0).length)
    }
  })

  test('has the outputs of each layer', () => {
    const outputs = report.signals.map(({ layer, shape, activations }) => [layer, shape, activations.count])
    expect(outputs).toEqual([
      ['dense1', [8], 800],
      ['relu1', [8], 800],
      ['dense2', [3], 300],
    ])
    const [before, after] = [report.signals[0]!.activations, report.signals[1]!.activations]
    expect(before.histogram.low).toBeLessThan(0)
    expect(after.histogram.low).toBeGreaterThan(0)
    expect(after.zeros).toBeGreaterThan(100)
  })

  test('has the columns of its first matrix as pictures', () => {
    const { W } = run.state.params.dense1 as { W: ReturnType<typeof tensor> }
    const rows = W.toArray() as number[][]
    expect(report.firstLayer).toMatchObject({ layer: 'dense1', kind: 'dense', count: 8, shape: [1, 6, 6] })
    expect(report.firstLayer?.pictures[5]).toEqual(rows.map((row) => row[5]))
  })

  test('is told the names of its classes', () => {
    expect(describeRun({ ...run, classes: ['a', 'b', 'c'] }).test?.classes).toEqual(['a', 'b', 'c'])
    expect(() => describeRun({ ...run, classes: ['a', 'b'] })).toThrow('2 class names for 3 classes')
  })

  test('refuses an image of other pixels than the net takes', () =>
    expect(() => describeRun({ ...run, image: [1, 5, 5] })).toThrow(ShapeError))
})

describe('a report that was prepared', () => {
  const run = untrained(chain(input([1, 6, 6]), layer.flatten(), layer.dense(8), layer.relu(), layer.dense(3)), 301)
  const { net, ...others } = run
  const like = {
    state: { params: treeMap(({ shape }) => zeros(shape), run.state.params), netState: run.state.netState },
    test: { x: zeros(run.test.x.shape), t: zeros(run.test.t.shape, { dtype: 'int32' }) },
  }
  const finished = new Date(0)
  const expected = describeRun({ ...run, finished })

  test('is the same, for run after run', async () => {
    const prepared = await prepareReport({ net }, like)
    for (let time = 0; time < 2; time++) expect(prepared({ ...others, finished })).toEqual(expected)
    const twice = { ...run.test, x: mul(run.test.x, 2) as typeof run.test.x }
    expect(prepared({ ...others, test: twice, finished })).toEqual(describeRun({ ...run, test: twice, finished }))
  })

  test('may be of fewer samples than were expected, and of none', async () => {
    const prepared = await prepareReport({ net }, like)
    const some = { x: slice(run.test.x, { begin: [0], end: [40] }), t: slice(run.test.t, { begin: [0], end: [40] }) }
    expect(prepared({ ...others, test: some, finished })).toEqual(describeRun({ ...run, test: some, finished }))
    const none = await prepareReport({ net }, { state: run.state })
    expect(none({ ...others, test: undefined, finished })).toEqual(describeRun({ ...run, test: undefined, finished }))
  })

  test('says what does not fit when it is prepared', async () => {
    const t = zeros([7], { dtype: 'int32' })
    await expect(prepareReport({ net }, { ...like, test: { x: zeros([7, 1, 5, 5]), t } })).rejects.toThrow(ShapeError)
  })
})

test('bytes are prepared for the net, and shown as they are', () => {
  const run = untrained(chain(input([1, 2, 2]), layer.flatten(), layer.dense(2)), 10)
  const bytes = Uint8Array.from({ length: 40 }, (_, at) => at * 6)
  const x = tensor(bytes, { shape: [10, 1, 2, 2] })
  const report = describeRun({ ...run, test: { x, t: run.test.t }, prepare: (x) => div(x, 255) })
  const plain = describeRun({ ...run, test: { x: div(x, 255), t: run.test.t } })
  expect(report.test?.confusion).toEqual(plain.test?.confusion)
  const { index, picture } = report.test!.mistakes[0]!
  expect(picture?.levels).toEqual([...bytes.slice(index * 4, index * 4 + 4)])
})

const swish = layer.define({ name: 'swish', apply: (x) => mul(x, sigmoid(x)) })

const nets: Readonly<Record<string, { readonly net: Net; readonly pictures: string | null }>> = {
  twoLayerNet: { net: twoLayerNet(), pictures: 'dense1' },
  multiLayerNet: {
    net: multiLayerNet({ hiddenSizes: [20, 20], batchNorm: true, dropoutRate: 0.5 }),
    pictures: 'dense1',
  },
  simpleConvNet: { net: simpleConvNet({ filters: 4, hiddenSize: 10 }), pictures: 'conv1' },
  deepConvNet: { net: deepConvNet({ filters: [2, 2, 2, 2, 2, 2] }), pictures: 'conv1' },
  'a net of colour images': {
    net: chain(
      input([3, 8, 8]),
      layer.conv2d({ filters: 5, kernel: 3 }),
      layer.relu(),
      layer.flatten(),
      layer.dense(4),
    ),
    pictures: 'conv1',
  },
  'residual blocks and a net within': {
    net: chain(
      input([1, 8, 8]),
      layer.residual(layer.conv2d({ filters: 1, kernel: 3, pad: 1 }), layer.batchNorm()),
      layer.flatten(),
      chain(input([64]), layer.dense(3)),
    ),
    pictures: 'conv1',
  },
  'four numbers': { net: chain(input([4]), layer.dense(6), swish(), layer.dense(3)), pictures: null },
  'no weights at all': { net: chain(input([5]), layer.relu()), pictures: null },
}

describe.each(Object.entries(nets))('%s', (_, { net, pictures }) => {
  const report = describeRun(untrained(net, 12))

  test('has a row for each layer, and pictures where weights belong to pixels', () => {
    expect(report.signals.map(({ layer }) => layer)).toEqual(
      net.layers.filter(({ layer }) => layer.kind.name !== 'flatten').map(({ name }) => name),
    )
    expect(report.firstLayer?.layer ?? null).toBe(pictures)
    expect(report.signals.some(({ activations }) => activations.notFinite > 0)).toBe(false)
  })

  test('is drawn', () => expect(reportPage(report)).toContain('</html>'))
})

test('a regression has no classes, but all the rest', () => {
  const { name, net, state, record } = untrained(chain(input([4]), layer.dense(2)))
  const train = { x: tensor([[1, 2, 3, 4]]), t: tensor([[0.5, 1]]) }
  const report = describeRun({ name, net, state, record, train, loss: (y, t) => meanSquaredError(y, t as typeof y) })
  expect(report.test).toBeNull()
  expect(report.training.lossName).toBe('loss')
  expect(report.signals).toHaveLength(1)
})

test('a net that gives no scores cannot be tested, and says so', () => {
  const run = untrained(chain(input([1, 4, 4]), layer.relu()))
  expect(() => describeRun(run)).toThrow('needs scores [classes]; leave the test samples out')
})

test('the lists of a run that stopped within its second epoch, measured only after its first', () => {
  const history = [
    { epoch: 1, losses: [3, 2], trainAccuracy: null, testAccuracy: 0.5 },
    { epoch: 2, losses: [1], trainAccuracy: null, testAccuracy: null },
  ]
  const { training } = describeRun({ ...untrained(nets['four numbers']!.net), record: recordOf(history, 2) })
  expect(training).toMatchObject({ losses: [3, 2, 1], iterationsPerEpoch: 2, samples: 20 })
  expect(training.accuracies).toEqual([{ epoch: 1, iteration: 2, train: null, test: 0.5 }])
})

test('describing twice gives the same data', () => {
  const run = { ...untrained(nets.multiLayerNet!.net), finished: new Date(0), seed: 7 }
  expect(describeRun(run)).toEqual(describeRun(run))
})
