import { type AnyTensor, DTypeError, randomKey, ShapeError, splitKey, tensor, ValueError } from '@cotangent/core'
import { argMax, cast, mul, normal, oneHot, uniform } from '@cotangent/ops'
import { describe, expect, it } from 'vitest'
import { accuracy, confusionMatrix, topK } from './metrics.ts'

const int32 = { dtype: 'int32' } as const

/** Rows of scores with ties, and labels, from a seed. */
function drawn(seed: number, rows: number, classes: number) {
  const [scoreKey, labelKey] = splitKey(randomKey(seed), 2)
  const scores = cast(cast(mul(normal(scoreKey, [rows, classes]), 2), 'int32'), 'float32')
  return { scores, labels: cast(uniform(labelKey, [rows], { high: classes }), 'int32') }
}

/** The classes of a row, best first; of equal ones the lower class first. */
const ranking = (scores: AnyTensor, row: number): number[] => {
  const classes = scores.shape[1]!
  const of = (c: number) => scores.data[row * classes + c]!
  return Array.from({ length: classes }, (_, c) => c).sort((a, b) => of(b) - of(a) || a - b)
}

describe.each([1, 2, 3, 4, 5])('metrics of random scores, seed %i', (seed) => {
  const [rows, classes] = [40, 2 + seed]
  const { scores, labels } = drawn(seed, rows, classes)
  const own = [...labels.data]

  it('topK and accuracy are the counts of a loop', () => {
    for (let k = 1; k <= classes; k++) {
      const hits = own.filter((label, row) => ranking(scores, row).slice(0, k).includes(label)).length
      expect(topK(scores, labels, { k }).item()).toBe(Math.fround(hits / rows))
    }
    expect(accuracy(scores, labels).item()).toBe(topK(scores, labels, { k: 1 }).item())
    expect(topK(scores, labels, { k: classes }).item()).toBe(1)
  })

  it('the confusion matrix is the counts of a loop, its trace the accuracy', () => {
    const expected = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
    own.forEach((label, row) => {
      expected[label]![ranking(scores, row)[0]!]!++
    })
    const matrix = confusionMatrix(scores, labels)
    expect(matrix.dtype).toBe('int32')
    expect(matrix.toArray()).toEqual(expected)
    const trace = expected.reduce((total, row, at) => total + row[at]!, 0)
    expect(accuracy(scores, labels).item()).toBe(Math.fround(trace / rows))
  })

  it('the confusion matrix is the same for classes that were chosen already', () => {
    const chosen = argMax(scores, { axis: 1 })
    expect(confusionMatrix(chosen, labels, { classes }).toArray()).toEqual(confusionMatrix(scores, labels).toArray())
    const rows = oneHot(labels, { classes })
    expect(confusionMatrix(chosen, rows, { classes }).toArray()).toEqual(confusionMatrix(scores, labels).toArray())
  })

  it('one-hot, uint8 and int32 labels are the same', () => {
    for (const other of [
      oneHot(labels, { classes }),
      cast(labels, 'uint8'),
      oneHot(labels, { classes, dtype: 'int32' }),
    ]) {
      expect(accuracy(scores, other).item()).toBe(accuracy(scores, labels).item())
      expect(topK(scores, other, { k: 2 }).item()).toBe(topK(scores, labels, { k: 2 }).item())
      expect(confusionMatrix(scores, other).toArray()).toEqual(confusionMatrix(scores, labels).toArray())
    }
  })
})

describe('metrics', () => {
  const scores = tensor([
    [1, 2, 3],
    [3, 2, 1],
  ])
  const labels = tensor([2, 1], int32)

  it('give float32 scalars for scores of any dtype', () => {
    for (const dtype of ['float32', 'float64', 'int32', 'uint8'] as const) {
      expect(accuracy(cast(scores, dtype), labels).toString()).toBe(tensor(0.5).toString())
      expect(topK(cast(scores, dtype), labels, { k: 2 }).dtype).toBe('float32')
    }
    expect(accuracy(scores, labels).shape).toEqual([])
  })

  it('never count a NaN score as right because it compares as false', () => {
    const broken = tensor([
      [Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN],
    ])
    const both = tensor([1, 1], int32)
    expect(accuracy(broken, both).item()).toBe(0)
    expect(topK(broken, both, { k: 1 }).item()).toBe(0)
  })

  it('refuse scores and labels that do not fit', () => {
    expect(() => accuracy(tensor([1, 2]), labels)).toThrow(
      new ShapeError('accuracy: the scores have shape [2]; they need two axes, [N, C]'),
    )
    expect(() => topK(scores, tensor([1], int32), { k: 1 })).toThrow(
      'topK: labels of shape [1] do not fit scores of shape [2, 3]',
    )
    expect(() => accuracy(scores, tensor([2, 1]))).toThrow(DTypeError)
    expect(() => confusionMatrix(scores, tensor([2, 3], int32))).toThrow(
      new ValueError('confusionMatrix: label 3 at index 1 is not a class; 3 scores a row have the classes 0 to 2'),
    )
    expect(() => accuracy(scores, tensor([-1, 1], int32))).toThrow('label -1 at index 0')
    const chosen = tensor([2, 0], int32)
    expect(() => confusionMatrix(scores, labels, { classes: 3 })).toThrow(
      new ShapeError(
        'confusionMatrix: the chosen classes have shape [2, 3]; they need one axis, [N]; leave `classes` out to give scores [N, C]',
      ),
    )
    expect(() => confusionMatrix(chosen, labels, { classes: 2 })).toThrow('chosen class 2 at index 0 is not a class')
    expect(() => confusionMatrix(chosen, tensor([1], int32), { classes: 3 })).toThrow('labels of shape [1] do not fit')
    expect(() => confusionMatrix(cast(chosen, 'uint8'), labels, { classes: 3 })).toThrow(DTypeError)
    for (const classes of [0, 1.5]) {
      expect(() => confusionMatrix(chosen, labels, { classes })).toThrow(`the number of classes is ${classes}`)
    }
    for (const k of [0, 4, 1.5, Number.NaN]) expect(() => topK(scores, labels, { k })).toThrow(`topK: k is ${k}`)
  })
})
