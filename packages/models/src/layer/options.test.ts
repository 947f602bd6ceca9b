import { ShapeError, ValueError } from '@cotangent/core'
import { expect, test } from 'vitest'
import { chain, input } from '../net.ts'
import * as layer from './index.ts'

// What shapes do not fit is compared in words by the type tests; here, options that no input would fit.
test.each([
  [() => layer.dense(0), 'dense: units is 0; give an integer from 1 up'],
  [() => layer.dense(2.5), 'dense: units is 2.5; give an integer from 1 up'],
  [() => layer.conv2d({ filters: -1, kernel: 3 }), 'conv2d: filters is -1; give an integer from 1 up'],
  [
    () => layer.conv2d({ filters: 1, kernel: 0 }),
    'conv2d: kernel is 0; give an integer from 1 up, or two as [height, width]',
  ],
  [
    () => layer.conv2d({ filters: 1, kernel: 3, stride: [1, 0] }),
    'conv2d: stride is [1,0]; give an integer from 1 up, or two as [height, width]',
  ],
  [
    () => layer.conv2d({ filters: 1, kernel: 3, pad: -1 }),
    'conv2d: pad is -1; give an integer from 0 up, or two as [height, width]',
  ],
  [
    () => layer.conv2d({ filters: 1, kernel: 3, dilation: 1.5 }),
    'conv2d: dilation is 1.5; give an integer from 1 up, or two as [height, width]',
  ],
  [() => layer.conv2d({ filters: 4, kernel: 3, groups: 0 }), 'conv2d: groups is 0; give an integer from 1 up'],
  [
    () => layer.conv2d({ filters: 4, kernel: 3, groups: 3 }),
    'conv2d: 4 filters do not divide into 3 groups; choose a multiple',
  ],
  [() => layer.maxPool2d(0), 'maxPool2d: kernel is 0; give an integer from 1 up, or two as [height, width]'],
  [
    () => layer.avgPool2d([3, 2], { pad: [1, 2] }),
    'avgPool2d: pad [1,2] is not less than kernel [3,2]; some windows would hold padding alone',
  ],
  [() => layer.leakyRelu({ slope: -1 }), 'leakyRelu: slope is -1; give a number from 0 up'],
  [() => layer.branches('add'), 'branches: there is no branch; give at least one list of layers'],
])('refuses %#: %s', (call, sentence) => {
  expect(call).toThrow(new ValueError(sentence))
})

test('conv2d refuses channels that its groups do not divide', () => {
  expect(() => chain(input([3, 8, 8]), layer.conv2d({ filters: 4, kernel: 3, groups: 2 }))).toThrow(
    new ShapeError('conv2d: the channels of input [3, 8, 8] do not divide into 2 groups'),
  )
})

test('options given as lists are copied', () => {
  const kernel: [number, number] = [3, 3]
  const one = layer.conv2d({ filters: 1, kernel })
  kernel[0] = 5
  expect(one.options.kernel).toEqual([3, 3])
})
