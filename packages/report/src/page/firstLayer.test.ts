import { tensor } from '@cotangent/core'
import { chain, input, layer } from '@cotangent/models'
import { expect, test } from 'vitest'
import { firstLayerPictures } from './firstLayer.ts'

test('of many weights, those that tell what has the full colour lie everywhere in the pictures', () => {
  const [channels, height, width, units] = [3, 52, 52, 64]
  const { layers } = chain(input([channels * height * width]), layer.dense(units))
  // Of 519,168 weights every 52nd is looked at: in each picture another column.
  const W = Float32Array.from({ length: channels * height * width * units }, (_, at) =>
    Math.floor(at / units) % width === 0 ? 1 : 0.25,
  )
  const params = { [layers[0]!.name]: { W: tensor(W, { shape: [channels * height * width, units] }) } }
  expect(firstLayerPictures(layers, params, [channels, height, width])?.scale).toBe(1)
  const inner = W.map((weight) => (weight === 1 ? 0 : weight))
  const without = { [layers[0]!.name]: { W: tensor(inner, { shape: [channels * height * width, units] }) } }
  expect(firstLayerPictures(layers, without, [channels, height, width])?.scale).toBe(0.25)
})
