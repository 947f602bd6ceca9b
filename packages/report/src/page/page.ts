import { accuracyChart, lossChart } from './curveCharts.ts'
import { trendOf } from './curves.ts'
import { html, Markup } from './markup.ts'
import type { RunReport } from './report.ts'
import { accuracyTable, configurationList, headSection, listsAsJson, machineList, netTable } from './runSections.ts'
import { signalCharts } from './signalCharts.ts'
import { STYLE } from './style.ts'
import { confusionTable, frequentConfusions, mistakeCards } from './testSections.ts'
import { weightsFigure } from './weightsFigure.ts'

/**
 * The report as one HTML page that needs nothing else: no network, no script. Sections for which the run has nothing are left
 * out. The losses and accuracies stand in it as JSON too, in the element `lists`.
 *
 * @example
 * const net = chain(input([4]), layer.dense(3))
 * const [params, netState] = net.init(randomKey(0))
 * const { state, record } = await fit({
 *   loss: (params, netState, { x, t }) => net.loss(params, netState, x, t),
 *   optimizer: sgd({ learningRate: 0.1 }),
 *   params,
 *   netState,
 *   data: { x: ones([20, 4]), t: zeros([20], { dtype: 'int32' }) },
 *   batchSize: 10,
 *   epochs: 2,
 * })
 * reportPage(describeRun({ name: 'ones', net, state, record })).length < 100_000 // true
 */
export function reportPage(report: RunReport): string {
  const { training, test, firstLayer, signals } = report
  const trend = trendOf(training.losses)
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="color-scheme" content="light dark">
<title>${report.name}: training report</title>
<style>${new Markup(STYLE)}</style>
</head>
<body>
${headSection(report, trend)}
<main>
<div class="columns">
${training.losses.length > 0 ? section('Loss', lossChart(training, trend)) : null}
${training.accuracies.length > 0 ? section('Accuracy', html`${accuracyChart(training.accuracies)}${accuracyTable(training.accuracies)}`) : null}
</div>
${
  test &&
  html`${section('Confusion matrix', html`<div class="beside">${confusionTable(test)}${frequentConfusions(test)}</div>`)}
${test.mistakes.length > 0 ? section('Worst mistakes', html`<p>The test samples whose own class was given the least probability. <span class="own-word">Blue</span> is what they are, <span class="taken-word">orange</span> what they were taken for.</p>${mistakeCards(test)}`) : null}`
}
${firstLayer && section(firstLayer.kind === 'dense' ? 'Weights of the first layer' : 'Filters of the first layer', weightsFigure(firstLayer))}
${
  signals.length > 0
    ? section(
        'Activations and gradients',
        html`<p>What flows through each layer for one batch, as in training. Forward: the layer’s outputs. Back: the gradient of the loss by these outputs, and by the layer’s parameters; its size is on a logarithmic scale, the same for all layers. Weight decay, where there is any, is no part of these gradients. Exact zeros, and the few values beyond the axes, are not drawn.</p>${signalCharts(signals)}`,
      )
    : null
}
${section('Net', netTable(report.net))}
<div class="columns">
${Object.keys(report.configuration).length > 0 || report.seed !== null ? section('Configuration', configurationList(report)) : null}
${section('Machine', machineList(report))}
</div>
</main>
<script type="application/json" id="lists">${new Markup(listsAsJson(training))}</script>
</body>
</html>
`.text
}

const section = (title: string, content: Markup): Markup => html`<section>
<h2>${title}</h2>
${content}
</section>`
