import { broadcastShape, build, place } from './laws/dense.ts'
import { inputs } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'
import { matmul } from './matmul.ts'

/** The element of a stack of matrices, whose batch axes of length 1 repeat. */
function entry(x: Dense, batch: readonly number[], row: number, column: number): number {
  const lead = batch.slice(batch.length - (x.shape.length - 2))
  return x.data[place(x.shape, [...lead.map((one, axis) => (x.shape[axis] === 1 ? 0 : one)), row, column])]!
}

export const laws = {
  matmul: law({
    calls: inputs((draw) => {
      const [left, right] = draw.broadcast(2, { maxRank: 2 })
      const [rows, inner, columns] = draw.shape({ rank: 3 })
      const [vectorLeft, vectorRight] = [draw.integer(0, 5) === 5, draw.integer(0, 5) === 5]
      return [
        draw.floats(vectorLeft ? [inner!] : [...left!, rows!, inner!]),
        draw.floats(vectorRight ? [inner!] : [...right!, inner!, columns!]),
      ]
    }),
    apply: ([a, b]) => matmul(a, b),
    definition: ([a, b]) => {
      const left = a.shape.length === 1 ? { shape: [1, ...a.shape], data: a.data } : a
      const right = b.shape.length === 1 ? { shape: [...b.shape, 1], data: b.data } : b
      const of = ({ shape }: Dense) => ({ shape: shape.slice(0, -2), data: [] })
      const batch = broadcastShape(of(left), of(right))
      const product = build([...batch, left.shape.at(-2)!, right.shape.at(-1)!], (index) => {
        const [row, column] = index.slice(-2) as [number, number]
        let sum = 0
        for (let k = 0; k < left.shape.at(-1)!; k++) {
          sum += entry(left, index.slice(0, -2), row, k) * entry(right, index.slice(0, -2), k, column)
        }
        return sum
      })
      const matrix = [
        ...(a.shape.length === 1 ? [] : [a.shape.at(-2)!]),
        ...(b.shape.length === 1 ? [] : [b.shape.at(-1)!]),
      ]
      return { shape: [...batch, ...matrix], data: product.data }
    },
  }),
} satisfies Record<string, Law>
