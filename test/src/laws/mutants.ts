/** Wrong versions of vjp rules, put in place of the right ones at run time, and the laws that must notice. */
import {
  type AnyTensor,
  mul,
  type Primitive,
  record,
  type Step,
  stopGradient,
  type Tensor,
  tensor,
  type VjpRule,
} from '@cotangent/core'
import type { Law } from '@cotangent/ops/laws'
import fc from 'fast-check'
import { SEED } from './all.ts'
import { allSteps, convention, GRADIENT_LAWS } from './check.ts'

/** One law checked on one call. */
export interface Trial {
  readonly operation: string
  /** How often it differentiates. */
  readonly order: 1 | 2
  readonly run: () => void
}

export interface Mutant {
  readonly kind: string
  readonly name: string
  /** Where the changed rule is used: a law must fail on one of them. */
  readonly trials: readonly Trial[]
  /** Puts the mutant in place, and gives what removes it. */
  readonly plant: () => () => void
}

type Rule = VjpRule<unknown>
type Arguments = Parameters<Rule>

/** One use of a rule by the engine. */
interface Use {
  readonly trial: Trial
  readonly given: Arguments
}

/** The uses of the rule for each input of a primitive. */
type ByInput = Map<number, Use[]>

/** How many uses of one rule in one trial are looked at. */
const USES_KEPT = 3

/** The mutants of all rules that the laws' gradients go through, with `count` calls an operation. */
export function mutantsOf(laws: ReadonlyMap<string, Law>, count: number): Mutant[] {
  const trials = [...laws].flatMap(([operation, law]) => trialsOf(operation, law, count))
  return [...usesIn(trials)].flatMap(([primitive, byInput]) => [
    ...[...byInput].flatMap(([index, uses]) =>
      uses.length === 0
        ? [unusedRule(primitive, index)]
        : [
            ...wrongResults(primitive, index, uses),
            ...stoppedValues(primitive, index, uses),
            ...otherTies(primitive, index, uses),
          ],
    ),
    ...exchangedRules(primitive, byInput),
    ...skippedSums(primitive, byInput),
  ])
}

/** The first trial that fails while `mutant` is in place, if any. */
export function killerOf(mutant: Mutant): Trial | undefined {
  const remove = mutant.plant()
  try {
    return mutant.trials.find(fails)
  } finally {
    remove()
  }
}

function fails(trial: Trial): boolean {
  try {
    trial.run()
    return false
  } catch {
    return true
  }
}

function trialsOf(operation: string, law: Law, count: number): Trial[] {
  const conventions = (law.conventions ?? []).map(
    (stated): Trial => ({ operation, order: 1, run: () => convention(law, stated) }),
  )
  if (law.orders === 0) return conventions
  const calls = fc.sample(law.calls, { seed: SEED, numRuns: count })
  return [
    ...conventions,
    ...calls.map((call): Trial => ({ operation, order: 1, run: () => GRADIENT_LAWS.gradient(law, call) })),
    ...calls.map((call): Trial => ({ operation, order: 2, run: () => GRADIENT_LAWS.curvature(law, call) })),
  ]
}

/** Runs the trials and notes the rules that they use; there is a list, if only an empty one, for each rule of a primitive met. */
function usesIn(trials: readonly Trial[]): Map<Primitive, ByInput> {
  const uses = new Map<Primitive, ByInput>()
  for (const trial of trials) {
    const [, tape] = record(trial.run)
    const met = allSteps(tape.steps)
    for (const { primitive, inputs } of met) {
      const byInput = uses.get(primitive) ?? new Map<number, Use[]>()
      uses.set(primitive, byInput)
      inputs.forEach((_, index) => {
        if (primitive.vjp(index) && !byInput.has(index)) byInput.set(index, [])
      })
    }
    const removals = [...new Set(met.map(({ primitive }) => primitive))].map((primitive) =>
      changeRules(primitive, (rule, index) => (...given) => {
        const used = uses.get(primitive)?.get(index) ?? []
        if (used.at(-USES_KEPT)?.trial !== trial) used.push({ trial, given })
        return rule(...given)
      }),
    )
    trial.run()
    for (const remove of removals) remove()
  }
  return uses
}

/** Replaces the rules of `primitive` by what `change` makes of them; gives what puts them back. */
function changeRules(primitive: Primitive, change: (rule: Rule, index: number) => Rule): () => void {
  const before = primitive.vjp
  const vjp = (index: number) => {
    const rule = before(index)
    return rule ? change(rule, index) : rule
  }
  Object.assign(primitive, { vjp })
  return () => Object.assign(primitive, { vjp: before })
}

const trialsAmong = (uses: readonly Use[]): Trial[] => [...new Set(uses.map(({ trial }) => trial))]

/** A rule that no law's gradient goes through: whatever it gives, no law fails. */
const unusedRule = (primitive: Primitive, index: number): Mutant => ({
  kind: 'rule never used',
  name: `${primitive.name}, input ${index}`,
  trials: [],
  plant: () => () => {},
})

const changedRule = (primitive: Primitive, index: number, uses: readonly Use[], change: (rule: Rule) => Rule) => ({
  trials: trialsAmong(uses),
  plant: () => changeRules(primitive, (rule, at) => (at === index ? change(rule) : rule)),
})

function wrongResults(primitive: Primitive, index: number, uses: readonly Use[]): Mutant[] {
  const factors = { 'sign flipped': -1, 'scaled by 1.1': 1.1, 'always zero': 0 }
  return Object.entries(factors).map(([kind, factor]) => ({
    kind,
    name: `${primitive.name}, input ${index}`,
    ...changedRule(
      primitive,
      index,
      uses,
      (rule) =>
        (...given) =>
          mul(rule(...given), factor),
    ),
  }))
}

/**
 * `stopGradient` on one value that the rule is given. Only a second derivative sees it, and only where a gradient can flow from
 * the value to the rule's result; where the rule does not read the value, or only compares it, there is no such mutant.
 */
function stoppedValues(primitive: Primitive, index: number, uses: readonly Use[]): Mutant[] {
  const rule = primitive.vjp(index)!
  // Only the rules of a first-order sweep are differentiated again.
  const first = uses.filter(({ trial }) => trial.order === 1)
  const inputs = Array.from({ length: Math.max(...uses.map(({ given }) => given[1].length)) }, (_, place) => place)
  return [...inputs, OUTPUT, COTANGENT]
    .filter((place) => first.some(({ given }) => reaches(rule, fresh(given), place)))
    .map((place) => {
      const name = place === OUTPUT ? 'the output' : place === COTANGENT ? 'the cotangent' : `input ${place}`
      const stopped =
        (original: Rule): Rule =>
        (...given) => {
          const values = valuesGiven(given)
          const value = values.at(place)
          return original(...(value ? withValues(given, values.with(place, stopGradient(value))) : given))
        }
      return {
        kind: 'stopGradient on a saved value',
        name: `${primitive.name}, input ${index}, ${name}`,
        ...changedRule(primitive, index, uses, stopped),
      }
    })
}

/** Places counted from the end of what {@link valuesGiven} lists. */
const [OUTPUT, COTANGENT] = [-2, -1]

/** What a rule is given: the inputs, the output, the cotangent. */
const valuesGiven = ([g, inputs, output]: Arguments): AnyTensor[] => [...inputs, output, g]

function withValues([, , , options]: Arguments, values: readonly AnyTensor[]): Arguments {
  // The same values, or ones of the same types, in the order of valuesGiven.
  return [values.at(-1) as Tensor, values.slice(0, -2) as unknown as Arguments[1], values.at(-2) as Tensor, options]
}

/** The same arguments, each a tensor of its own. */
const fresh = (given: Arguments): Arguments => withValues(given, valuesGiven(given).map(copyOf))

const copyOf = (x: AnyTensor): AnyTensor => tensor(x.data.slice(), { shape: x.shape, dtype: x.dtype })

/** Whether a gradient can flow from the value at `place` to what the rule gives. */
function reaches(rule: Rule, given: Arguments, place: number): boolean {
  const [result, tape] = record(() => rule(...given))
  const dependent = new Set<unknown>([valuesGiven(given).at(place)])
  for (const step of tape.steps) if (carries(step, dependent)) dependent.add(step.output)
  return dependent.has(result)
}

const carries = ({ primitive, inputs, output }: Step, dependent: ReadonlySet<unknown>): boolean =>
  output.dtype.startsWith('float') &&
  inputs.some((input, index) => dependent.has(input) && primitive.vjp(index) !== null)

/** The other choice among equal extremes, for primitives that have it as an option. */
function otherTies(primitive: Primitive, index: number, uses: readonly Use[]): Mutant[] {
  const chosen = uses.filter(({ given }) => hasTies(given[3]))
  if (chosen.length === 0) return []
  return ['split', 'first'].flatMap((ties): Mutant[] => {
    const alike = chosen.filter(({ given }) => hasTies(given[3]) && given[3].ties === ties)
    if (alike.length === 0) return []
    const other =
      (rule: Rule): Rule =>
      (g, inputs, output, options) => {
        const changes = hasTies(options) && options.ties === ties
        return rule(g, inputs, output, changes ? { ...options, ties: ties === 'split' ? 'first' : 'split' } : options)
      }
    const name = `${primitive.name}, input ${index}, instead of '${ties}'`
    return [{ kind: 'ties changed', name, ...changedRule(primitive, index, alike, other) }]
  })
}

interface Ties {
  readonly ties: string
}

const hasTies = (options: unknown): options is Ties =>
  typeof options === 'object' && options !== null && 'ties' in options

/** The rules of two inputs in each other's place, unless both do the same with what they are given. */
function exchangedRules(primitive: Primitive, byInput: ByInput): Mutant[] {
  const indices = [...byInput.keys()].sort()
  const pairs = indices.flatMap((one, at) => indices.slice(at + 1).map((other) => [one, other] as const))
  return pairs.flatMap(([one, other]): Mutant[] => {
    const uses = [...byInput.get(one)!, ...byInput.get(other)!].filter(({ given }) => other < given[1].length)
    const [first, second] = [primitive.vjp(one)!, primitive.vjp(other)!]
    if (uses.every(({ given }) => doTheSame(first, second, fresh(given)))) return []
    return [
      {
        kind: 'rules of two inputs exchanged',
        name: `${primitive.name}, inputs ${one} and ${other}`,
        trials: trialsAmong(uses),
        plant: () => changeRules(primitive, (rule, index) => (index === one ? second : index === other ? first : rule)),
      },
    ]
  })
}

/** Whether two rules apply the same primitives with the same options to the same values. */
function doTheSame(one: Rule, other: Rule, given: Arguments): boolean {
  return traceOf(one, given) === traceOf(other, given)
}

function traceOf(rule: Rule, given: Arguments): string {
  const [result, tape] = record(() => rule(...given))
  const names = new Map<unknown, string>(valuesGiven(given).map((value, place) => [value, `given ${place}`]))
  const nameOf = (x: AnyTensor): string => names.get(x) ?? `${x.dtype} ${x.shape} ${[...x.data]}`
  const lines = tape.steps.map(({ primitive, inputs, options, output }, at) => {
    names.set(output, `step ${at}`)
    return `${primitive.name} ${JSON.stringify(options)} ${inputs.map((input) => nameOf(input)).join('; ')}`
  })
  return [...lines, nameOf(result)].join('\n')
}

/** Broadcasting not undone by the engine, for primitives whose inputs broadcast to each other. */
function skippedSums(primitive: Primitive, byInput: ByInput): Mutant[] {
  const uses = [...byInput.values()].flat().filter(({ given }) => given[1].length > 1)
  if (!primitive.broadcasts || uses.length === 0) return []
  const plant = () => {
    Object.assign(primitive, { broadcasts: false })
    return () => Object.assign(primitive, { broadcasts: true })
  }
  return [{ kind: 'sumTo skipped', name: primitive.name, trials: trialsAmong(uses), plant }]
}
