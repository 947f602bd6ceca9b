import { html, type Markup } from './markup.ts'
import { countText, shortText } from './numbers.ts'
import { weightsSheet } from './picture.ts'
import type { WeightPictures } from './report.ts'

/** The weights of each unit or filter as a picture. */
export function weightsFigure({ layer, kind, count, shape, pictures, scale }: WeightPictures): Markup {
  const one = kind === 'dense' ? 'unit' : 'filter'
  const [channels, height, width] = shape
  const sheet = weightsSheet('weights', shape, pictures, scale)
  const meaning =
    channels === 1
      ? html`<span class="own-word">Blue</span> weights are positive, <span class="taken-word">orange</span> ones negative; full colour stands for ${shortText(scale)} and beyond.`
      : html`Red, green and blue are the weights of the three channels: medium grey is zero, full colour ±${shortText(scale)} and beyond.`
  return html`<figure>
${sheet.image}<ul class="weights">${pictures.map((_, at) => html`<li>${sheet.picture(at, `${layer}, ${one} ${at + 1}`)}</li>`)}</ul>
<figcaption>${pictures.length < count ? `The first ${pictures.length} of ${countText(count)}` : `The ${countText(count)}`} ${one}s of ${layer}, ${height} × ${width} weights each. ${meaning}</figcaption>
</figure>`
}
