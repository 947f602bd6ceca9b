import { add, mul, record, type Tensor, tensor } from '@cotangent/core'
import type { Command } from 'commander'
import { type OutputOptions, withExample, withJson } from './shared/options.ts'
import { openScreen } from './shared/screen.ts'

/** Lesson 4. The book's shopping, chapter 5: what two apples and three oranges cost, and what each price has to do with it. */
interface Basket {
  readonly apples: { readonly price: Tensor; readonly number: Tensor }
  readonly oranges: { readonly price: Tensor; readonly number: Tensor }
  readonly tax: Tensor
}

// In the book each × and + is a layer with a `forward` and a `backward` of its own. Here they are operations, and that is all.
const total = ({ apples, oranges, tax }: Basket): Tensor =>
  mul(add(mul(apples.price, apples.number), mul(oranges.price, oranges.number)), tax)

function run(options: OutputOptions): void {
  const screen = openScreen(options)
  const basket: Basket = {
    apples: { price: tensor(100), number: tensor(2) },
    oranges: { price: tensor(150), number: tensor(3) },
    tax: tensor(1.1),
  }
  const [price, tape] = record(() => total(basket))
  screen.print(`total ${price.item()}`)
  screen.emit({ type: 'total', total: price.item() })

  // Gradients come back in the shape of what one asks for: a basket of how much the total grows with each of its numbers.
  const gradient = tape.gradient(price, basket)
  const line = (name: string, value: Tensor, slope: Tensor): void => {
    screen.print(`${name.padEnd(16)} ${text(value).padStart(4)}, and the total grows by ${text(slope)} for each 1 more`)
    screen.emit({ type: 'gradient', name, value: rounded(value), gradient: rounded(slope) })
  }
  line('price of apples', basket.apples.price, gradient.apples.price)
  line('number of apples', basket.apples.number, gradient.apples.number)
  line('price of oranges', basket.oranges.price, gradient.oranges.price)
  line('number of oranges', basket.oranges.number, gradient.oranges.number)
  line('tax', basket.tax, gradient.tax)
  screen.print('pnpm example graph buy-apple-orange draws it')
}

/** Six digits: float32 has 1.1 as 1.10000002. */
const rounded = (value: Tensor): number => Number(value.item().toPrecision(6))

const text = (value: Tensor): string => String(rounded(value))

export const configure = (command: Command): Command =>
  withExample(withJson(command), 'pnpm example apples').action(run)
