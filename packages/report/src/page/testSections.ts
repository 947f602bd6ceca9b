import { html, type Markup } from './markup.ts'
import { countText, percentText } from './numbers.ts'
import { pictureSheet } from './picture.ts'
import type { Mistake, TestResults } from './report.ts'

/** Of more classes than this a table of all pairs says nothing. */
const MOST_CLASSES = 64

/** The confusion matrix as a table: the diagonal blue, mistakes orange, the stronger the more samples. */
export function confusionTable({ classes, confusion }: TestResults): Markup {
  if (classes.length > MOST_CLASSES)
    return html`<p>The ${countText(classes.length)} classes are too many for a table of all pairs.</p>`
  const most = Math.max(1, ...confusion.flatMap((row, at) => row.filter((_, column) => column !== at)))
  const long = classes.some((name) => name.length > 4)
  return html`<figure>
<figcaption>Rows: what the samples are. Columns: what they were taken for. Last column: the share that is right.</figcaption>
<div class="scroll"><table class="confusion${long ? ' long' : ''}">
<thead><tr><th scope="col"><span class="hidden">class</span></th>${classes.map((name) => html`<th scope="col">${name}</th>`)}<th scope="col">right</th></tr></thead>
<tbody>
${confusion.map((row, at) => {
  const total = row.reduce((sum, count) => sum + count, 0)
  return html`<tr><th scope="row">${classes[at]!}</th>${row.map((count, column) => cell(count, column === at ? count / total : count / most, column === at))}<td class="right">${total === 0 ? '–' : percentText(row[at]! / total, 1)}</td></tr>
`
})}</tbody>
</table></div>
</figure>`
}

function cell(count: number, share: number, right: boolean): Markup {
  if (count === 0) return html`<td class="zero">0</td>`
  // The root lets single mistakes be seen beside frequent ones.
  const strength = Math.round(8 + 47 * (right ? share : Math.sqrt(share)))
  return html`<td class="${right ? 'hit' : 'miss'}" style="--strength:${strength}%">${count}</td>`
}

/** What was mixed up most often. */
export function frequentConfusions({ classes, confusion }: TestResults): Markup | null {
  const pairs = confusion
    .flatMap((row, label) => row.map((count, predicted) => ({ count, label, predicted })))
    .filter(({ count, label, predicted }) => label !== predicted && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, 10)
  if (pairs.length === 0) return null
  return html`<table class="pairs">
<caption>Most often mixed up</caption>
<thead><tr><th scope="col">class</th><th scope="col">taken for</th><th scope="col" class="number">samples</th></tr></thead>
<tbody>${pairs.map(({ count, label, predicted }) => html`<tr><td>${classes[label]!}</td><td>${classes[predicted]!}</td><td class="number">${countText(count)}</td></tr>`)}</tbody>
</table>`
}

/** The worst mistakes, with their pictures where they have any. */
export function mistakeCards({ classes, mistakes }: TestResults): Markup {
  // Those of one test are all of one shape.
  const pictures = mistakes.flatMap(({ picture }) => picture ?? [])
  const shape = pictures[0]?.shape
  const sheet =
    shape &&
    pictureSheet(
      'mistakes',
      shape,
      pictures.map(({ levels }) => levels),
    )
  const look = { width: 96, className: shape?.[0] === 1 ? 'ink' : 'photo' }
  return html`${sheet?.image ?? null}<ul class="mistakes">
${mistakes.map((mistake, at) => mistakeCard(mistake, classes, (name) => sheet?.picture(at, name, look) ?? null))}</ul>`
}

function mistakeCard(
  { index, label, predicted, probabilities }: Mistake,
  classes: readonly string[],
  pictureOf: (name: string) => Markup | null,
): Markup {
  const [own, taken] = [classes[label]!, classes[predicted]!]
  const ranked = [...probabilities.keys()].sort((a, b) => probabilities[b]! - probabilities[a]!).slice(0, 3)
  const shown = ranked.includes(label) ? ranked : [...ranked, label]
  return html`<li><figure>
${pictureOf(`Test sample ${index}: ${own}, taken for ${taken}`)}
<figcaption><strong>${own}</strong> taken for <strong>${taken}</strong> <small>no. ${index}</small></figcaption>
<dl class="probabilities">${shown.map(
    (at) =>
      html`<div class="${at === label ? 'own' : at === predicted ? 'taken' : 'other'}"><dt>${classes[at]!}</dt><dd><span class="bar" style="--share:${(probabilities[at]! * 100).toFixed(1)}%"></span>${probabilityText(probabilities[at]!)}</dd></div>`,
  )}</dl>
</figure></li>
`
}

const probabilityText = (p: number): string => (p < 0.0001 ? '< 0.01 %' : percentText(p, p < 0.01 ? 2 : 1))
