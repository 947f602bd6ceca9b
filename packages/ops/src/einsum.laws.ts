import { einsum } from './einsum.ts'
import { at, build, indices } from './laws/dense.ts'
import { calls, type Draw } from './laws/draw.ts'
import { type Dense, type Law, law } from './laws.ts'

/** An equation, and what it means with a letter for every axis: capitals stand for the axes under an ellipsis. */
interface Equation {
  readonly equation: string
  readonly terms: readonly string[]
  readonly result: string
}

/** A random equation of up to three operands with up to three letters each, an ellipsis now and then, and the letters' lengths. */
function equationFrom(draw: Draw): Equation & { readonly shapes: number[][] } {
  const letters = [...'abcd'].slice(0, draw.integer(1, 4))
  const length = new Map([...letters, 'X', 'Y'].map((letter) => [letter, draw.length(3)]))
  const spread = draw.integer(0, 2) === 2
  const named = Array.from({ length: draw.integer(1, 3) }, () =>
    Array.from({ length: draw.integer(0, 3) }, () => draw.one(...letters)).join(''),
  )
  const ellipses = named.map(() => (spread ? draw.one('', 'Y', 'XY') : ''))
  const longest = ellipses.reduce((a, b) => (b.length > a.length ? b : a))
  const terms = named.map((term, operand) => ellipses[operand]! + term)
  const counts = (letter: string) => named.join('').split(letter).length - 1
  const implicit = draw.integer(0, 3) === 3
  const shown = implicit
    ? letters.filter((letter) => counts(letter) === 1).sort()
    : letters.filter((letter) => counts(letter) > 0 && draw.boolean())
  const order = implicit ? shown : draw.permutation(shown.length).map((place) => shown[place]!)
  const dots = spread ? '...' : ''
  const inputs = named.map((term) => dots + term).join(',')
  return {
    equation: implicit ? inputs : `${inputs}->${dots}${order.join('')}`,
    terms,
    result: longest + order.join(''),
    shapes: terms.map((term) =>
      [...term].map((letter) => (letter < 'a' && draw.integer(0, 3) === 3 ? 1 : length.get(letter)!)),
    ),
  }
}

export const laws = {
  einsum: law({
    calls: calls((draw) => {
      const { shapes, ...options } = equationFrom(draw)
      return { inputs: shapes.map((shape) => draw.floats(shape)), options }
    }),
    apply: (operands, { equation }: Equation) => einsum(equation, ...operands),
    definition: (operands: readonly Dense[], { terms, result }) => {
      const letters = [...new Set(terms.join(''))]
      const lengths = letters.map((letter) => {
        const met = operands.flatMap(({ shape }, operand) =>
          shape.filter((_, axis) => terms[operand]![axis] === letter),
        )
        return met.find((length) => length !== 1) ?? 1
      })
      const [kept, summed] = [
        letters.filter((letter) => result.includes(letter)),
        letters.filter((letter) => !result.includes(letter)),
      ]
      const lengthOf = (letter: string) => lengths[letters.indexOf(letter)]!
      return build([...result].map(lengthOf), (index) => {
        let sum = 0
        for (const inner of indices(summed.map(lengthOf))) {
          const value = (letter: string) =>
            kept.includes(letter) ? index[result.indexOf(letter)]! : inner[summed.indexOf(letter)]!
          sum += operands.reduce((product, operand, which) => product * at(operand, [...terms[which]!].map(value)), 1)
        }
        return sum
      })
    },
  }),
} satisfies Record<string, Law>
