/** Wrong versions of matrix products, and of how threads share the work. */
import { among, type SourceMutant, survivorsAmong } from './compilerMutants.ts'

/** How columns are cut into panels, sums into passes, what the micro-kernel adds up and what is left out. */
const MATRIX_MUTANTS: readonly SourceMutant[] = [
  ...among('panels', 'panels.ts', [
    ['Math.min(vectors * lanes, columns - from)', 'vectors * lanes'],
    ['    from += width\n', ''],
    ['last?.width === width', 'last !== undefined'],
    ['(other.cost < one.cost ? other : one)', '(other.cost > one.cost ? other : one)'],
  ]),
  ...among('copies', 'product.ts', [
    ['before += panels.count * between * k * padded(panels.width, product.dtype)\n', ''],
    ['base: base + panels.from * distance({ base, by }, column)', 'base'],
    ['{ loop: column, factor: panels.width, length', '{ loop: column, factor: 1, length'],
  ]),
  ...among('passes', 'emit/passes.ts', [
    ['turn < between; turn++', 'turn < 1; turn++'],
    ['between: { from: turn, count: 1 }', 'between: { from: 0, count: 1 }'],
  ]),
  ...among('rows and panels', 'emit/multiplier.ts', [
    ['at === 0 ? first : i32.const(0)', 'first'],
    ['panels.from * this.#output.column', '0'],
    ['i32.mul(panel, width * this.#output.column)', '0'],
    ['this.#passes(first, from, to)]', 'this.#passes(first, begin, end)]'],
    ['if (rows >= sizesOf(this.#product).m) return', 'if (rows < sizesOf(this.#product).m) return'],
  ]),
  ...among('micro-kernel', 'emit/micro-kernel.ts', [
    ['addWhatIsThere(kernel, sums, c), kernel', '[], kernel'],
    ['kernel.neverMinusZero ? addZero(kernel, sums) : []', '[]'],
    ['b.set(i32.add(b, between.bJump)),', ''],
  ]),
  ...among('zeros', 'emit/nonzeros.ts', [
    ['i32.sub(i32.add(count, bit), k)', 'i32.sub(count, k)'],
    ['i32x4.shuffle(low, high, [2, 6, 3, 7])', 'i32x4.shuffle(low, high, [0, 4, 1, 5])'],
    ['words.set(i32.add(words, STRIP_ROWS * WORD_BYTES)),', ''],
    ['i32.ne(i32.shl(i32.load(a), 1), 0)', 'i32.const(0)'],
  ]),
  ...among('rows without zeros', 'emit/sparse-rows.ts', [
    ['many.set(this.#finite),\n', ''],
    ['this.#finite.set(UNKNOWN)', 'this.#finite.set(1)'],
    ['ifElse(write, settle(false), settle(true))', 'settle(false)'],
    ['offset: first.offset, from: first.from', 'offset: first.offset, from: 0'],
    ['offset: right.offset + at * right.panel', 'offset: right.offset'],
    ['ends.set(i32.add(ends, LISTED))]', ']'],
  ]),
  ...among('zeros', 'emit/finite.ts', [
    ['finite.set(i32.and(finite, one))', 'finite.set(one)'],
    ['b, end: i32.add(b, k * right.step)', 'b, end: b'],
    ['right.offset + turn * right.between', 'right.offset'],
  ]),
  ...among('empty windows', 'emit/empty-rows.ts', [
    ['spread.reduce((some, by) => i64.or(some, i64.shr_u(bits, by)), bits.get)', 'bits.get'],
    ['Array.from({ length: turns }, (_, of)', 'Array.from({ length: 1 }, (_, of)'],
  ]),
  ...among('empty windows', 'product.ts', [['if (between * k > LARGEST_WINDOW) return false', '']]),
  ...among('empty windows', 'emit/multiplier.ts', [
    ['ifElse(finite, filled.set(bits))', 'filled.set(bits)'],
    ['(1n << BigInt(rows)) - 1n', '1n'],
    ['[call(clear, { c: part.c })]', '[]'],
  ]),
  ...among('rows together', 'shares.ts', [
    ['readsOwnSlices(task, slices.loop, written) &&\n', ''],
    ['!waiting.some((other) => dependent(other, named))', 'true'],
    ['bytes + more <= MOST_BYTES &&\n', ''],
    ['rows < FEWEST_ROWS', 'rows < 1'],
  ]),
  ...among('elements stored apart', 'emit/loop.ts', [['step * bytes, vector', 'bytes, vector']]),
  ...among('places of maxima', 'emit/loop.ts', [
    ["compare('equal', best, best)", "arithmetic.constant('bool', 1)"],
    ["op === 'argMax' ? [best, candidate] : [candidate, best]", '[best, candidate]'],
  ]),
  ...among('warm-up', 'emit/warm-up.ts', [
    ['.filter(({ kernel }) => reachOf(kernel) <= bytes)', ''],
    ['if (steps.some((step) => step < 0)) return Number.POSITIVE_INFINITY', ''],
    ['rows * cRow + vector + columns * cColumn,', ''],
  ]),
]

/** Wrong versions of how threads share the work. */
const SHARE_MUTANTS: readonly SourceMutant[] = [
  ...among('shares of threads', 'balance.ts', [
    ['Math.sign(wait - mean)', 'Math.sign(mean - wait)'],
    ['Math.abs(wait - mean) < EVEN * mean ? 0 : ', ''],
    ['if (goesOn < 0 || sign === 0)', 'if (goesOn > 0)'],
    ['if (mean === 0) return\n', ''],
    ['Math.max(share / even, LEAST_SHARE)', 'Math.max(share / even, 0)'],
    ['sign * this.#moves[thread]!\n', 'sign * (wait / 1000) * this.#moves[thread]!\n'],
  ]),
  ...among('shares of threads', 'emit/program.ts', [
    ['BigInt(WHOLE / 2 - 1)', '0n'],
    ['[edge, edge + LINES.bytes]', '[edge, edge]'],
    ['LINES.share + 4 * (parts.length % STRETCHES)', 'LINES.share'],
    ['LINES.waited + 4 * ((stretch ?? 0) % STRETCHES)', 'LINES.waited'],
    ['stretch === undefined ? drop(wait) : [looks.set(wait), waited]', '[looks.set(wait), waited]'],
    ['end.set(edge(share.to))', 'end.set(turns)'],
    ['begin.set(edge(share.from))', 'begin.set(0)'],
    ['    if (waits) since = []\n', ''],
    ['shared.length === 0 ? 0 : Math.min(...shared.map(partsOf))', 'Math.min(...items.map(partsOf))'],
    ['ifElse(i32.lt_u(begin, end), run(begin, end, f))', 'ifElse(i32.const(1), run(begin, end, f))'],
    ['looks.set(i32.add(looks, rounds)),\n', ''],
  ]),
  ...among('shares of threads', 'shared-work.ts', [
    ['PARTS_OF_THREAD * speeds.threads', '24'],
    ['fewest >= PARTS', 'fewest > PARTS'],
    ['at % STRETCHES === stretch', 'at === stretch'],
    ['speeds.copy()', 'new Balance(speeds.threads)'],
    ['(balance ?? this.#speeds)', '(balance ?? new Balance(this.#speeds.threads))'],
    ['counts[at]! - this.#waited[at]!', 'counts[at]!'],
    ['    this.#speeds.learn(totals)\n', ''],
    ['totals[thread]! += wait', 'totals[thread] = wait'],
    ['this.#since >= GATHERED_MS', 'this.#since > GATHERED_MS'],
  ]),
  ...among('shares of threads', 'threads.ts', [
    ['if (this.#hasWaits) this.#last?.learn()', ''],
    ['if (this.#hasWaits) this.#last', 'this.#last'],
    ['      this.#last = work\n', ''],
    ['      work.learn()\n      work.share()\n', '      work.learn()\n'],
    ['      this.#failure = error\n', ''],
  ]),
  ...among('rows read ahead', 'emit/loop.ts', [
    ['[...lookUp, ...this.#advance(0, 1)]), ...start)', '[...lookUp, ...this.#advance(0, 1)]))'],
  ]),
  ...among('rows read ahead', 'emit/look-up.ts', [
    ['[...lines, bytes - 1]', 'lines'],
    ['line * CACHE_LINE)', 'line * CACHE_LINE + 1)'],
    ['bytes < SHORT_ROW', 'bytes <= SHORT_ROW'],
    [' || bytes > LONG_ROW', ''],
    [' || !inOrder', ''],
    ['value.indirect !== undefined && isGuarded(value.indirect.value)', 'false'],
    ['value.operands.some(isGuarded)', 'false'],
    ['.filter((value) => !isGuarded(value))', ''],
    ['new Set(values.flatMap(loadsIn))', 'values.flatMap(loadsIn)'],
  ]),
]

export const PRODUCT_MUTANTS: readonly SourceMutant[] = [...MATRIX_MUTANTS, ...SHARE_MUTANTS]

/** Those that survive. */
export const productSurvivors = async (): Promise<SourceMutant[]> => [
  ...(await survivorsAmong(MATRIX_MUTANTS, {
    tests: ['panels', 'product', 'contract', 'zeros', 'shares', 'emit/vector-loop', 'emit/warm-up'],
  })),
  ...(await survivorsAmong(SHARE_MUTANTS, { tests: ['balance', 'shared-work', 'emit/look-up'] })),
]
