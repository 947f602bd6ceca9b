import { type DType, isFloat, sizeOf } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { collapseLoop, mapTask } from '../collapse.ts'
import { readsOf } from '../plan.ts'
import { type LoopTask, type Store, storesOf, valuesOf } from '../tasks.ts'
import { doWhile, forRange, ifElse, whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { f32x4, f64x2, i32, i32x4 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { type Arithmetic, type FunctionCaller, scalarArithmetic } from './arithmetic.ts'
import { type Addresses, Cursors } from './cursor.ts'
import { type ElementContext, emitElement, emitElements } from './element.ts'
import { readAhead } from './look-up.ts'
import type { Phase } from './phase.ts'
import { fourLanes, twoLanes } from './vector-arithmetic.ts'
import { vectorisedLoop, WRITTEN_OUT } from './vector-loop.ts'

/** The code of a loop nest. */
export function emitLoop(given: LoopTask, addresses: Addresses, functions: FunctionCaller): Phase {
  const task = withOutputLoop(collapseLoop(given), 0)
  const { along, lanes } = vectorisedLoop(task, 0, 1)
  return {
    turns: task.lengths[0]!,
    grain: along === 0 ? Math.max(lanes, 4) : 1,
    build: (f, begin, end) =>
      new LoopEmitter(task, { addresses, functions, f, along, lanes, given: [] }).build(begin, end),
  }
}

/** The code of a loop nest whose first loops are run by the caller, at the turns `given`; it runs all others. */
export function emitInnerLoops(
  f: FunctionBuilder,
  task: LoopTask,
  given: readonly Local<'i32'>[],
  addresses: Addresses,
  functions: FunctionCaller,
  scratch?: Node<'i32'>,
): Node<'none'>[] {
  const inner = withOutputLoop(collapseLoop(task, given.length), given.length)
  const { along, lanes } = vectorisedLoop(inner, given.length, given.length)
  return new LoopEmitter(inner, {
    addresses,
    functions,
    f,
    along,
    lanes,
    given,
    ...(scratch && { scratch }),
  }).buildInner()
}

/** A nest with a loop over the output behind the `given` ones, if only of one turn. */
function withOutputLoop(task: LoopTask, given: number): LoopTask {
  if (task.rank > given) return task
  const insert = (by: readonly number[]) => [...by.slice(0, given), 0, ...by.slice(given)]
  const renew = ({ base, by }: Affine): Affine => ({ base, by: insert(by) })
  return {
    ...mapTask(task, renew),
    lengths: [...task.lengths.slice(0, given), 1, ...task.lengths.slice(given)],
    rank: given + 1,
  }
}

/** Where a fold stands: one element's, or one for each lane. */
interface Accumulator {
  readonly local: Local
  readonly arithmetic: Arithmetic
}

interface LoopSetting {
  readonly addresses: Addresses
  readonly functions: FunctionCaller
  readonly f: FunctionBuilder
  readonly along: number | undefined
  readonly lanes: 1 | 2 | 4
  /** The counters of loops that the caller runs. */
  readonly given: readonly Local<'i32'>[]
  readonly scratch?: Node<'i32'>
}

class LoopEmitter {
  readonly #task: LoopTask
  readonly #f: FunctionBuilder
  readonly #cursors: Cursors
  readonly #counters: readonly Local<'i32'>[]
  readonly #single: Arithmetic
  readonly #wide: Arithmetic
  readonly #along: number | undefined

  readonly #given: readonly Local<'i32'>[]
  readonly #addresses: Addresses

  constructor(task: LoopTask, { addresses, functions, f, along, lanes, given, scratch }: LoopSetting) {
    this.#task = task
    this.#f = f
    this.#given = given
    this.#addresses = addresses
    this.#cursors = new Cursors(addresses, f, scratch)
    this.#counters = task.lengths.map((_, axis) => given[axis] ?? f.local('i32', `turn${axis}`))
    this.#single = scalarArithmetic(functions)
    this.#wide = lanes === 1 ? this.#single : lanes === 4 ? fourLanes(functions) : twoLanes(functions)
    this.#along = along
    for (const { buffer, dtype, index } of storesOf(task)) this.#cursors.at(buffer, dtype, index)
    for (const value of valuesOf(task)) this.#cursors.prepare(value)
  }

  /** Runs the turns from `begin` to `end` of the outermost loop. */
  build(begin: Local<'i32'>, end: Local<'i32'>): Node<'none'>[] {
    const counter = this.#counters[0]!
    const start = [...this.#cursors.start([[0, begin.get]]), counter.set(begin)]
    const lookUp = readAhead(this.#task, this.#context(this.#single))
    if (lookUp.length > 0) start.push(whileLoop(i32.lt_s(counter, end), [...lookUp, ...this.#advance(0, 1)]), ...start)
    if (this.#along === 0) {
      const { lanes } = this.#wide
      const fits = i32.le_s(i32.add(counter, lanes), end)
      return [
        ...start,
        whileLoop(fits, [...this.#output(this.#wide, 1), ...this.#advance(0, lanes)]),
        whileLoop(i32.lt_s(counter, end), [...this.#output(this.#single, 1), ...this.#advance(0, 1)]),
      ]
    }
    return [...start, whileLoop(i32.lt_s(counter, end), [...this.#outputFrom(1), ...this.#advance(0, 1)])]
  }

  /** Runs all loops behind the given ones. */
  buildInner(): Node<'none'>[] {
    const turns = this.#given.map((local, axis) => [axis, local.get] as const)
    return [...this.#cursors.start(turns), ...this.#outputFrom(this.#given.length)]
  }

  /** The loops over the output from `axis` on. */
  #outputFrom(axis: number, arithmetic = this.#single): Node<'none'>[] {
    if (axis === this.#task.rank) return this.#output(arithmetic, axis)
    if (axis === this.#along) return this.#vectorised(axis, (inLanes) => this.#outputFrom(axis + 1, inLanes))
    return this.#turns(axis, this.#outputFrom(axis + 1, arithmetic))
  }

  /** One element of the output, or as many as there are lanes. */
  #output(arithmetic: Arithmetic, axis: number): Node<'none'>[] {
    const { fold, value, store, also = [] } = this.#task
    const writeTo =
      ({ buffer, dtype, index }: Store) =>
      (result: Node): Node<'none'>[] => {
        const { local, offset, bytes } = this.#cursors.at(buffer, dtype, index)
        const step = index.by[this.#along ?? 0]!
        if (arithmetic.storeApart === undefined || step === 1)
          return [arithmetic.store(dtype, local.get, offset, result)]
        const vector = this.#f.local('v128', 'result')
        return [vector.set(result as Node<'v128'>), ...arithmetic.storeApart(local.get, offset, step * bytes, vector)]
      }
    if (fold === undefined) {
      const elements = emitElements([value, ...also.map((output) => output.value)], this.#context(arithmetic))
      const stores = [store, ...also.map((output) => output.store)]
      return [...elements.before, ...this.#writeAll(elements.values, stores.map(writeTo))]
    }
    if (fold === 'argMax' || fold === 'argMin') return this.#extremePlace(fold, arithmetic, axis, writeTo)
    return this.#folded(fold, arithmetic, axis, writeTo(store))
  }

  /** Stores results once all are computed: one may lie where another reads. */
  #writeAll(values: readonly Node[], writes: readonly ((result: Node) => Node<'none'>[])[]): Node<'none'>[] {
    if (values.length === 1) return writes[0]!(values[0]!)
    const locals = values.map((value) => this.#f.local(value.type as Exclude<Node['type'], 'none'>, 'result'))
    return [
      ...locals.map((local, at) => set(local, values[at]!)),
      ...locals.flatMap((local, at) => writes[at]!(local.get)),
    ]
  }

  #folded(
    op: 'sum' | 'max' | 'min',
    arithmetic: Arithmetic,
    axis: number,
    write: (result: Node) => Node<'none'>[],
  ): Node<'none'>[] {
    const { dtype } = this.#task.value
    const across = this.#along !== undefined && this.#along >= this.#task.rank
    const accumulators = (across ? [this.#wide, this.#single] : [arithmetic]).map((one): Accumulator => {
      return { local: this.#f.local(one.type(dtype), 'folded'), arithmetic: one }
    })
    const name = op === 'sum' ? 'add' : op === 'max' ? 'maximum' : 'minimum'
    const identity = op === 'sum' ? 0 : leastOf(dtype, op)
    const take = (one: Arithmetic): Node<'none'>[] => {
      const { local } = accumulators.find((accumulator) => accumulator.arithmetic === one)!
      const element = emitElement(this.#task.value, this.#context(one))
      return [...element.before, set(local, one.apply(name, dtype, dtype, [local.get, element.value]))]
    }
    if (this.#writtenOut) {
      const [{ local, arithmetic: one }] = accumulators as [Accumulator]
      const turns = this.#eachTurn(axis, (turn) => {
        const element = emitElement(this.#task.value, this.#context(one))
        const next = turn === 0 ? element.value : one.apply(name, dtype, dtype, [local.get, element.value])
        return [...element.before, set(local, next)]
      })
      return [...turns, ...write(local.get)]
    }
    const total = accumulators.map(({ local, arithmetic: one }) =>
      inLanes(one, dtype, local.get, (a, b) => this.#single.apply(name, dtype, dtype, [a, b])),
    )
    return [
      ...accumulators.map(({ local, arithmetic: one }) => set(local, one.constant(dtype, identity))),
      ...this.#foldFrom(axis, take, arithmetic),
      ...write(across ? this.#single.apply(name, dtype, dtype, [total[0]!, total[1]!]) : accumulators[0]!.local.get),
    ]
  }

  /** Whether what is folded is so little that it is written out turn by turn. */
  get #writtenOut(): boolean {
    const folded = this.#task.lengths.slice(this.#task.rank)
    const across = this.#along !== undefined && this.#along >= this.#task.rank
    return !across && sizeOf(folded) <= WRITTEN_OUT && sizeOf(folded) > 0
  }

  /** The loops folded over from `axis` on, turn after turn; `take` is given the number of the turn. */
  #eachTurn(axis: number, take: (turn: number) => readonly Node<'none'>[]): Node<'none'>[] {
    let turn = 0
    const from = (loop: number): Node<'none'>[] => {
      const length = this.#task.lengths[loop]
      if (length === undefined) return [...take(turn++)]
      const turns = Array.from({ length }, (_, at) => [
        this.#counters[loop]!.set(at),
        ...from(loop + 1),
        ...(at + 1 < length ? this.#cursors.move(loop, 1) : []),
      ])
      return [...turns.flat(), ...this.#cursors.move(loop, 1 - length)]
    }
    return from(axis)
  }

  /** The loops folded over from `axis` on. */
  #foldFrom(axis: number, take: (arithmetic: Arithmetic) => Node<'none'>[], arithmetic: Arithmetic): Node<'none'>[] {
    if (axis === this.#task.lengths.length) return take(arithmetic)
    if (axis === this.#along) return this.#vectorised(axis, take)
    return this.#turns(axis, this.#foldFrom(axis + 1, take, arithmetic))
  }

  /** The place of the first largest (or smallest) element, in each lane; NaN beats every number. */
  #extremePlace(
    op: 'argMax' | 'argMin',
    arithmetic: Arithmetic,
    axis: number,
    writeTo: (store: Store) => (result: Node) => Node<'none'>[],
  ): Node<'none'>[] {
    const { dtype } = this.#task.value
    const best = this.#f.local(arithmetic.type(dtype), 'best')
    const candidate = this.#f.local(arithmetic.type(dtype), 'candidate')
    const found = this.#f.local(arithmetic.type('int32'), 'found')
    const place = this.#f.local('i32', 'place')
    const compare = (name: 'less' | 'lessEqual' | 'equal', x: Local, y: Local) =>
      arithmetic.apply(name, 'bool', dtype, [x.get, y.get])
    const [less, more] = op === 'argMax' ? [best, candidate] : [candidate, best]
    // A candidate loses where it compares as no better than the best, and wins elsewhere: a NaN, too, which compares as nothing. Once
    // the best is NaN, it neither equals itself nor beats anything, so that the two comparisons differ just where a candidate wins.
    const wins = isFloat(dtype)
      ? arithmetic.apply('notEqual', 'bool', 'bool', [compare('equal', best, best), compare('lessEqual', more, less)])
      : compare('less', less, more)
    const choose = (x: Node, y: Node) => arithmetic.apply('select', dtype, dtype, [wins, x, y])
    const done = [
      ...writeTo(this.#task.store)(found.get),
      ...(this.#task.best ? writeTo(this.#task.best)(best.get) : []),
    ]
    if (this.#writtenOut) {
      const turns = this.#eachTurn(axis, (turn) => {
        const { before, value } = emitElement(this.#task.value, this.#context(arithmetic))
        const first = [set(best, value), set(found, arithmetic.constant('int32', 0))]
        const number = arithmetic.constant('int32', turn)
        const further = [
          set(candidate, value),
          set(found, choose(number, found.get)),
          set(best, choose(candidate.get, best.get)),
        ]
        return [...before, ...(turn === 0 ? first : further)]
      })
      return [...turns, ...done]
    }
    const element = emitElement(this.#task.value, this.#context(arithmetic))
    const here = arithmetic.lanes === 1 ? place.get : i32x4.splat(place)
    const visit = [
      ...element.before,
      set(candidate, element.value),
      ifElse(
        i32.eqz(place),
        [set(best, candidate.get), set(found, arithmetic.constant('int32', 0))],
        [set(found, choose(here, found.get)), set(best, choose(candidate.get, best.get))],
      ),
      place.set(i32.add(place, 1)),
    ]
    return [place.set(0), ...this.#foldFrom(axis, () => visit, arithmetic), ...done]
  }

  /** Whether an element may be computed twice: not where it is computed from what lies in its place. */
  get #mayRepeat(): boolean {
    const { value, also = [] } = this.#task
    const addresses = new Set(storesOf(this.#task).map(({ buffer }) => this.#addresses.get(buffer)))
    const reads = readsOf(this.#task)
    return (
      ![...reads].some((buffer) => addresses.has(this.#addresses.get(buffer))) &&
      also.length === 0 &&
      this.#wide.lanes > 1 &&
      value.op !== 'constant'
    )
  }

  /** All turns of a loop, as many at once as there are lanes, the rest one by one. */
  #vectorised(axis: number, body: (arithmetic: Arithmetic) => Node<'none'>[]): Node<'none'>[] {
    const length = this.#task.lengths[axis]!
    const { lanes } = this.#wide
    const whole = length - (length % lanes)
    const counter = this.#counters[axis]!
    const round = [...body(this.#wide), ...this.#advance(axis, lanes)]
    const vectors = whole === 0 ? [] : whole === lanes ? round : [doWhile(round, i32.lt_s(counter, whole))]
    const rest =
      whole === length
        ? []
        : whole > 0 && axis < this.#task.rank && this.#mayRepeat
          ? // The last vector once more over what it shares with the one before.
            [...this.#advance(axis, length - lanes - whole), ...body(this.#wide), ...this.#advance(axis, lanes)]
          : [doWhile([...body(this.#single), ...this.#advance(axis, 1)], i32.lt_s(counter, length))]
    return [counter.set(0), ...vectors, ...rest, ...this.#cursors.move(axis, -length)]
  }

  #turns(axis: number, body: readonly Node<'none'>[]): Node<'none'>[] {
    const length = this.#task.lengths[axis]!
    if (length === 0) return []
    const rounds = forRange(this.#counters[axis]!, 0, length, 1, [...body, ...this.#cursors.move(axis, 1)])
    return [rounds, ...this.#cursors.move(axis, -length)]
  }

  #advance(axis: number, turns: number): Node<'none'>[] {
    const counter = this.#counters[axis]!
    return [...this.#cursors.move(axis, turns), counter.set(i32.add(counter, turns))]
  }

  #context(arithmetic: Arithmetic): ElementContext {
    const along = this.#along ?? 0
    return { f: this.#f, cursors: this.#cursors, counters: this.#counters, arithmetic, single: this.#single, along }
  }
}

/** The local set to a value of its type, which the builder checks. */
const set = (local: Local, value: Node): Node<'none'> => local.set(value as Node<typeof local.type>)

/** What every element beats: the identity of a max or min. */
function leastOf(dtype: DType, op: 'max' | 'min'): number {
  if (isFloat(dtype)) return op === 'max' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  return op === 'max' ? -(2 ** 31) : 2 ** 31 - 1
}

/** The lanes of a vector combined pairwise, neighbours first; a single element as it is. */
function inLanes({ lanes }: Arithmetic, dtype: DType, value: Node, combine: (a: Node, b: Node) => Node): Node {
  if (lanes === 1) return value
  const vector = value as Node<'v128'>
  if (lanes === 2) return combine(f64x2.extract_lane(vector, 0), f64x2.extract_lane(vector, 1))
  const lane = (at: number) => (dtype === 'float32' ? f32x4.extract_lane(vector, at) : i32x4.extract_lane(vector, at))
  return combine(combine(lane(0), lane(1)), combine(lane(2), lane(3)))
}
