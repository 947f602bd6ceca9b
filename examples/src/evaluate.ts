import { compile } from '@cotangent/compile'
import { add, type Tensor } from '@cotangent/core'
import { slice } from '@cotangent/ops'
import { confusionMatrix } from '@cotangent/train'
import type { Command } from 'commander'
import { classesOf, confusionLines, mistakesText } from './shared/confusion.ts'
import { scaled, sizeOf } from './shared/data.ts'
import { type LearntNet, type LearntOptions, openLearnt, takesRows, withRun } from './shared/learnt.ts'
import { type DataOptions, type OutputOptions, withData, withExample, withJson } from './shared/options.ts'
import { type Session, withDigits } from './shared/session.ts'
import { countText, percentText } from './shared/text.ts'

interface Options extends LearntOptions, DataOptions, OutputOptions {}

/** What a trained net makes of the test images: how many it reads, and which digits it takes for which. */
export function configure(command: Command): void {
  withExample(withJson(withData(withRun(command))), 'pnpm example evaluate --run runs/first').action(
    async (options: Options) => {
      const learnt = await openLearnt(options)
      const wanted = { flatten: takesRows(learnt), train: 1 }
      // Those that it learnt from, unless others are asked for.
      const data = options.data === 'auto' ? (learnt.data ?? 'auto') : options.data
      await withDigits({ ...options, data }, wanted, (session) => evaluate(learnt, session))
    },
  )
}

function evaluate(learnt: LearntNet, session: Session): void {
  const { digits, screen } = session
  const confusion = confusionOf(learnt, session)
  const classes = classesOf(confusion)
  const right = classes.reduce((sum, { hits }) => sum + hits, 0)
  const count = sizeOf(digits.test)
  screen.emit({
    type: 'evaluation',
    data: digits.name,
    images: count,
    accuracy: right / count,
    classes: classes.map(({ recall, precision }) => ({ recall, precision })),
    confusion,
  })
  screen.print(`the net of ${learnt.origin}, on the test images of ${digits.name}`)
  screen.print(`${countText(right)} of ${countText(count)} right: test accuracy ${percentText(right / count)}`)
  screen.print('')
  for (const { line, format } of confusionLines(confusion)) screen.print(line, format)
  screen.print('')
  screen.print(mistakesText(confusion))
}

/** Images that go through the net at once. */
const AT_ONCE = 1000

/** Row by row of the digit, column by column of what it was taken for. */
function confusionOf({ net, params, netState }: LearntNet, { digits, screen, signal }: Session): number[][] {
  const { images, labels } = digits.test
  const count = sizeOf(digits.test)
  const confusionIn = compile((x: Tensor<'uint8'>, t: Tensor<'int32'>) =>
    confusionMatrix(net.predict(params, netState, scaled(x)), t),
  )
  let total: Tensor<'int32'> | undefined
  for (let begin = 0; begin < count; begin += AT_ONCE) {
    signal.throwIfAborted()
    const part = { begin: [begin], end: [Math.min(begin + AT_ONCE, count)] }
    const counts = confusionIn(slice(images, part), slice(labels, part))
    total = total === undefined ? counts : add(total, counts)
    screen.progress({ done: part.end[0]!, total: count, details: ['images'] })
  }
  const width = net.output[0]!
  const all = [...(total?.data ?? [])]
  return Array.from({ length: width }, (_, row) => all.slice(row * width, (row + 1) * width))
}
