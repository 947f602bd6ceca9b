import { shapeText } from '@cotangent/core'
import { summaryTotal } from '@cotangent/models'
import type { Trend } from './curves.ts'
import { html, type Markup } from './markup.ts'
import { countText, dateText, durationText, percentText, shortText } from './numbers.ts'
import type { EpochAccuracies, RunReport, Training } from './report.ts'

/** The title, what was trained on, and the figures one asks for first. */
export function headSection(
  { name, data, finished, seconds, seed, training, test, net }: RunReport,
  trend: Trend,
): Markup {
  const { losses, iterationsPerEpoch, batchSize, samples } = training
  const last = trend.values.at(-1)
  const trained = training.accuracies.findLast(({ train }) => train !== null)
  const epochs = losses.length / iterationsPerEpoch
  const lines = [
    ...(data === null ? [] : [data]),
    `${countText(samples)} training samples`,
    `batches of ${countText(batchSize)}`,
    ...(seed === null ? [] : [`seed ${seed}`]),
    dateText(finished),
  ]
  return html`<header>
<h1>${name}</h1>
<p>${lines.join(' · ')}</p>
<dl class="facts">
${test && fact('test accuracy', percentText(test.correct / test.count), `${countText(test.correct)} of ${countText(test.count)} samples`)}
${trained === undefined ? null : fact('training accuracy', percentText(trained.train!), `after epoch ${trained.epoch}`)}
${last === undefined ? null : fact('loss', shortText(last), `smoothed; at first ${shortText(losses[0]!)}`)}
${fact('iterations', countText(losses.length), epochs < 1 ? `of ${countText(iterationsPerEpoch)} in an epoch` : `${shortText(epochs)} ${epochs === 1 ? 'epoch' : 'epochs'} of ${countText(iterationsPerEpoch)}`)}
${fact('parameters', countText(summaryTotal(net, 'parameters')), `in ${countText(net.filter(({ depth, parameters }) => depth === 0 && parameters > 0).length)} layers`)}
${seconds === null ? null : fact('time', durationText(seconds), `${rateText(losses.length / seconds)} iterations/s, with measuring`)}
</dl>
</header>`
}

const rateText = (rate: number): string => (rate < 10 ? shortText(rate) : countText(Math.round(rate)))

const fact = (name: string, value: string, note: string): Markup =>
  html`<div><dt>${name}</dt><dd><strong>${value}</strong><small>${note}</small></dd></div>`

/** The accuracies as numbers; folded away where a chart shows them. */
export function accuracyTable(accuracies: readonly EpochAccuracies[]): Markup {
  const table = html`<table class="accuracies">
<thead><tr><th scope="col" class="number">epoch</th><th scope="col" class="number">iteration</th><th scope="col" class="number">training</th><th scope="col" class="number">test</th></tr></thead>
<tbody>${accuracies.map(
    ({ epoch, iteration, train, test }) =>
      html`<tr><td class="number">${epoch}</td><td class="number">${countText(iteration)}</td><td class="number">${shareText(train)}</td><td class="number">${shareText(test)}</td></tr>`,
  )}</tbody>
</table>`
  return accuracies.length < 2 ? table : html`<details><summary>The accuracies as a table</summary>${table}</details>`
}

const shareText = (share: number | null): string => (share === null ? '–' : percentText(share))

/** The layers of the net, with what each outputs, learns and costs. */
export const netTable = (net: RunReport['net']): Markup => html`<div class="scroll">
<table class="net">
<thead><tr><th scope="col">layer</th><th scope="col">output</th><th scope="col" class="number">parameters</th><th scope="col" class="number">multiply-adds</th></tr></thead>
<tbody>${net.map(
  ({ name, depth, output, parameters, multiplyAdds }) =>
    html`<tr><th scope="row" style="--depth:${depth}">${name}</th><td>${shapeText(output)}</td><td class="number">${countText(parameters)}</td><td class="number">${countText(multiplyAdds)}</td></tr>`,
)}</tbody>
<tfoot><tr><th scope="row">total</th><td></td><td class="number">${countText(summaryTotal(net, 'parameters'))}</td><td class="number">${countText(summaryTotal(net, 'multiplyAdds'))}</td></tr></tfoot>
</table>
</div>`

/** The options of the run. */
export const configurationList = ({ configuration, seed }: RunReport): Markup =>
  list([
    ...Object.entries(configuration).map(([name, value]) => [name, value === null ? '–' : String(value)] as const),
    ...(seed === null || 'seed' in configuration ? [] : [['seed', String(seed)] as const]),
  ])

export const machineList = ({ machine }: RunReport): Markup =>
  list([
    ['processor', machine.processor],
    ['threads', String(machine.threads)],
    ['memory', `${(machine.memory / 2 ** 30).toFixed(1)} GiB`],
    ['system', machine.system],
    ['Node', machine.node],
  ])

const list = (entries: readonly (readonly [name: string, value: string])[]): Markup =>
  html`<dl class="list">${entries.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`

/** The three lists that the book's programs keep, for other programs to read: `train_loss_list`, `train_acc_list`, `test_acc_list`. */
export function listsAsJson({ losses, accuracies }: Training): string {
  const lists = {
    train_loss_list: losses.map(shortest),
    train_acc_list: accuracies.map(({ train }) => train && shortest(train)),
    test_acc_list: accuracies.map(({ test }) => test && shortest(test)),
  }
  // No text within can end the element that holds it.
  return JSON.stringify(lists).replaceAll('<', '\\u003c')
}

/** A float32 number with as few digits, from six on, as tell it from all others; any other number as it is. */
function shortest(value: number): number {
  if (Math.fround(value) !== value) return value
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return Number(value.toPrecision(9))
}
