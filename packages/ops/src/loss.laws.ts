import { total } from './laws/dense.ts'
import { inputs } from './laws/draw.ts'
import { type Law, law } from './laws.ts'
import { binaryCrossEntropy, meanSquaredError, softmaxCrossEntropy } from './loss.ts'

const average = (elements: readonly number[]): number => total(elements) / elements.length

export const laws = {
  softmaxCrossEntropy: law({
    calls: inputs((draw) => {
      const [count, classes] = draw.shape({ rank: 2, empty: false }) as [number, number]
      const logits = draw.floats([count, classes], { min: -3, max: 3 })
      return [
        logits,
        draw.boolean() ? draw.integers([count], 0, classes - 1) : draw.floats([count, classes], { min: 0, max: 1 }),
      ]
    }),
    apply: ([logits, labels]) => softmaxCrossEntropy(logits, labels),
    definition: ([logits, labels]) => {
      const [count, classes] = logits.shape as [number, number]
      const rows = Array.from({ length: count }, (_, row) => {
        const scores = logits.data.slice(row * classes, (row + 1) * classes)
        const norm = Math.log(total(scores.map(Math.exp)))
        const target = (label: number) =>
          labels.shape.length === 1 ? Number(labels.data[row] === label) : labels.data[row * classes + label]!
        return total(scores.map((score, label) => target(label) * (norm - score)))
      })
      return { shape: [], data: [average(rows)] }
    },
  }),
  meanSquaredError: law({
    calls: inputs((draw) => {
      const shape = draw.shape({ empty: false })
      return [draw.floats(shape), draw.floats(shape)]
    }),
    apply: ([y, t]) => meanSquaredError(y, t),
    definition: ([y, t]) => ({ shape: [], data: [average(y.data.map((one, at) => (one - t.data[at]!) ** 2))] }),
  }),
  binaryCrossEntropy: law({
    calls: inputs((draw) => {
      const shape = draw.shape({ empty: false })
      return [draw.floats(shape, { min: -3, max: 3 }), draw.floats(shape, { min: 0, max: 1 })]
    }),
    apply: ([logits, t]) => binaryCrossEntropy(logits, t),
    definition: ([logits, t]) => {
      const entropy = (x: number, target: number) => {
        const p = 1 / (1 + Math.exp(-x))
        return -target * Math.log(p) - (1 - target) * Math.log(1 - p)
      }
      return { shape: [], data: [average(logits.data.map((x, at) => entropy(x, t.data[at]!)))] }
    },
  }),
} satisfies Record<string, Law>
