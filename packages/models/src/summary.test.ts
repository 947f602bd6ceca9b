import { expect, test } from 'vitest'
import * as layer from './layer/index.ts'
import { chain, input } from './net.ts'
import { simpleConvNet } from './nets/simpleConvNet.ts'

test('the table of a net', () => {
  expect(simpleConvNet().summary()).toBe(
    `
layer      output         parameters   multiply-adds
────────────────────────────────────────────────────
input      [1, 28, 28]
conv1      [30, 24, 24]          780         432,000
relu1      [30, 24, 24]            0               0
maxPool1   [30, 12, 12]            0               0
flatten1   [4320]                  0               0
dense1     [100]             432,100         432,000
relu2      [100]                   0               0
dense2     [10]                1,010           1,000
────────────────────────────────────────────────────
total                        433,890         865,000`.trimStart(),
  )
})

test('layers within layers are indented under the one they make up, whose counts are theirs', () => {
  const net = chain(
    input([4, 8, 8]),
    layer.branches(
      'add',
      [layer.conv2d({ filters: 8, kernel: 3, stride: 2, pad: 1, groups: 2, bias: false })],
      [layer.conv2d({ filters: 8, kernel: 1, stride: 2 })],
    ),
    layer.residual(layer.batchNorm(), layer.relu()),
    layer.globalAvgPool(),
    layer.dense(2, { bias: false }),
  )
  expect(net.summary()).toBe(
    `
layer            output      parameters   multiply-adds
───────────────────────────────────────────────────────
input            [4, 8, 8]
branches1        [8, 4, 4]          184           2,816
  branch1        [8, 4, 4]          144           2,304
    conv1        [8, 4, 4]          144           2,304
  branch2        [8, 4, 4]           40             512
    conv1        [8, 4, 4]           40             512
residual1        [8, 4, 4]           16               0
  batchNorm1     [8, 4, 4]           16               0
  relu1          [8, 4, 4]            0               0
globalAvgPool1   [8]                  0               0
dense1           [2]                 16              16
───────────────────────────────────────────────────────
total                               216           2,832`.trimStart(),
  )
})
