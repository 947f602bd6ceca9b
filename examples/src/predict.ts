import { basename } from 'node:path'
import { tensor } from '@cotangent/core'
import { readBytes } from '@cotangent/io'
import { softmax } from '@cotangent/ops'
import type { Command } from 'commander'
import { barOf } from './shared/bars.ts'
import { scaled } from './shared/data.ts'
import { type LearntOptions, openLearnt, takesRows, withRun } from './shared/learnt.ts'
import { mnistPicture, SIDE } from './shared/mnist-picture.ts'
import { type OutputOptions, withExample, withJson } from './shared/options.ts'
import { pictureText } from './shared/picture-text.ts'
import { greyOfPng } from './shared/png.ts'
import { percentText } from './shared/text.ts'

interface Options extends LearntOptions, OutputOptions {
  readonly image: string
}

/** Lets a trained net read a digit of your own. */
export function configure(command: Command): void {
  withExample(
    withJson(
      withRun(command).requiredOption(
        '--image <png>',
        'a picture of one digit, of any size, in any colours, on a plain ground',
      ),
    ),
    'pnpm example predict --run runs/first --image digit.png',
  ).action(predict)
}

async function predict({ image, json, ...from }: Options): Promise<void> {
  const learnt = await openLearnt(from)
  const shape = takesRows(learnt) ? [1, SIDE * SIDE] : [1, 1, SIDE, SIDE]
  const pixels = mnistPicture(greyOfPng(await readBytes(image), image), image)
  const logits = learnt.net.predict(learnt.params, learnt.netState, scaled(tensor(pixels, { shape })))
  const probabilities = [...softmax(logits).data]

  const digit = probabilities.indexOf(Math.max(...probabilities))
  if (json) {
    console.log(JSON.stringify({ type: 'prediction', image, digit, probabilities, pixels: [...pixels] }))
    return
  }
  console.log(`${basename(image)}, as the net of ${learnt.origin} sees it`)
  const colors = process.stdout.isTTY && process.stdout.hasColors(256)
  const picture = framed(pictureText(pixels, { colors }))
  const table = ['', '', '', ...probabilities.map((share, at) => row(at, share, at === digit))]
  for (const line of sideBySide(picture, table, process.stdout.columns || 80)) console.log(line)
  console.log(`${named(digit)}, at ${percentText(probabilities[digit]!)}${doubt(probabilities, digit)}`)
}

/** Widest bar, in characters. */
const BAR = 24

const row = (digit: number, share: number, chosen: boolean): string =>
  `${chosen ? '▸' : ' '} ${digit} ${percentText(share).padStart(7)} ${barOf(share, BAR)}`.trimEnd()

const named = (digit: number): string => `${digit === 8 ? 'an' : 'a'} ${digit}`

/** What else it might be, where the net is not sure. */
function doubt(probabilities: readonly number[], digit: number): string {
  const others = [...probabilities.keys()]
    .filter((other) => other !== digit && probabilities[other]! > 0.1)
    .sort((a, b) => probabilities[b]! - probabilities[a]!)
  return others.length === 0
    ? ''
    : `; or ${others.map((other) => `${named(other)} (${percentText(probabilities[other]!)})`).join(', ')}`
}

const framed = (lines: readonly string[]): string[] => [
  `┌${'─'.repeat(SIDE)}┐`,
  ...lines.map((line) => `│${line}│`),
  `└${'─'.repeat(SIDE)}┘`,
]

/** The table right of the picture, or below it where the terminal is narrow. */
function sideBySide(picture: readonly string[], table: readonly string[], columns: number): readonly string[] {
  const widest = Math.max(...table.map((line) => line.length))
  if (SIDE + 4 + widest > columns) return [...picture, ...table.filter((line) => line !== '')]
  return picture.map((line, at) => `${line}  ${table[at] ?? ''}`.trimEnd())
}
