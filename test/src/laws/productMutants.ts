/** Wrong versions of matrix products: how columns are cut into panels, sums into passes, and what the micro-kernel adds up. */
import { among, type SourceMutant, survivorsAmong } from './compilerMutants.ts'

export const PRODUCT_MUTANTS: readonly SourceMutant[] = [
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
  ...among('passes', 'emit/multiplier.ts', [
    ['turn < between; turn++', 'turn < 1; turn++'],
    ['between: { from: turn, count: 1 }', 'between: { from: 0, count: 1 }'],
    ['at === 0 ? first : i32.const(0)', 'first'],
    ['panels.from * this.#output.column', '0'],
    ['i32.mul(panel, width * this.#output.column)', '0'],
  ]),
  ...among('micro-kernel', 'emit/micro-kernel.ts', [
    ['ifElse(i32.eqz(first), addWhatIsThere(kernel, sums, c, add)),', ''],
    ['b.set(i32.add(b, between.bJump)),', ''],
  ]),
  ...among('warm-up', 'emit/warm-up.ts', [
    ['.filter(({ kernel }) => reachOf(kernel) <= bytes)', ''],
    ['if (steps.some((step) => step < 0)) return Number.POSITIVE_INFINITY', ''],
    ['rows * cRow + vector + columns * cColumn,', ''],
  ]),
]

/** Those that survive. */
export const productSurvivors = (): Promise<SourceMutant[]> =>
  survivorsAmong(PRODUCT_MUTANTS, { tests: ['panels', 'product', 'contract', 'emit/warm-up'] })
