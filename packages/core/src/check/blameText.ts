import { shapeText } from '../shape.ts'
import type { Blame, Pattern } from './blame.ts'
import { numberText } from './numberText.ts'

/** `cube: the vjp rule of input 0 gives 6, numerically it is 12, at index [0] of input 0, shape [3], which is 2 there.` */
export function blameText(blame: Blame): string {
  const { operation, input, scope, rule, numerical } = blame
  const where = scope === '' ? operation : `${operation} in ${scope}`
  const values = `gives ${numberText(rule)}, numerically it is ${numberText(numerical)}, ${placeText(blame)}`
  if (blame.kind === 'cut')
    return `${where}: no gradient flows to input ${input} (its vjp rule is null), numerically it is ${numberText(numerical)}, ${placeText(blame)}; if this cut is meant, so is the difference.`
  if (blame.order === 2)
    return `${where}: the vjp rule of input ${input} is right, but its own derivative by ${blame.by === 'cotangent' ? 'the cotangent' : blame.by} ${values}; the rule takes something for a constant that is none, by stopGradient or by a number read out of a tensor.`
  return `${where}: the vjp rule of input ${input} ${values}.${blame.pattern ? ` ${patternText(blame.pattern)}` : ''}`
}

function placeText({ index, by, shape, value, cotangent }: Blame): string {
  const beside = cotangent === 'random' ? ', for a random cotangent' : ''
  if (index === null) return `along a random direction of ${by}, shape ${shapeText(shape)}${beside}`
  if (index.length === 0) return `where ${by} is ${numberText(value!)}${beside}`
  // Only a direction has no value.
  return `at index ${shapeText(index)} of ${by}, shape ${shapeText(shape)}, which is ${numberText(value!)} there${beside}`
}

function patternText(pattern: Pattern): string {
  switch (pattern.kind) {
    case 'negated':
      return 'The sign of the rule is flipped.'
    case 'zero':
      return 'The rule gives 0 everywhere.'
    case 'scaled':
      return `The rule gives ${numberText(pattern.factor)} times what it should, everywhere.`
    case 'exchanged':
      return `This is the derivative by input ${pattern.with}: the rules of the two inputs are exchanged.`
  }
}
