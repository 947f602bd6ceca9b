import { chain, input, layer } from '@cotangent/models'
import { parseHTML } from 'linkedom'
import { describe, expect, test } from 'vitest'
import { describeRun } from './describe.ts'
import { reportPage } from './page.ts'
import { recordOf, untrained } from './report.fixtures.ts'
import type { RunReport } from './report.ts'

const run = untrained(
  chain(input([1, 6, 6]), layer.conv2d({ filters: 4, kernel: 3 }), layer.relu(), layer.flatten(), layer.dense(3)),
  300,
)
const report = describeRun({
  ...run,
  name: 'first',
  data: 'noise',
  seed: 42,
  seconds: 75,
  finished: new Date('2026-01-02T03:04:05Z'),
  configuration: { learningRate: 0.1, optimizer: 'sgd', dropout: null },
})
const text = reportPage(report)
const { document } = parseHTML(text)
const all = (selector: string) => [...document.querySelectorAll(selector)]
const textsOf = (selector: string): string[] => all(selector).map((element) => element.textContent.trim())
const headingsOf = (page: string): string[] =>
  [...parseHTML(page).document.querySelectorAll('h2')].map((heading) => heading.textContent)

test('has its sections in order', () =>
  expect(textsOf('h1, h2')).toEqual([
    'first',
    'Loss',
    'Accuracy',
    'Confusion matrix',
    'Worst mistakes',
    'Filters of the first layer',
    'Activations and gradients',
    'Net',
    'Configuration',
    'Machine',
  ]))

test('needs nothing from elsewhere, and runs no script', () => {
  expect(text).not.toMatch(/https?:|url\(|@import|<link|<iframe| on\w+="/)
  for (const image of all('image')) expect(image.getAttribute('href')).toMatch(/^data:image\/png;base64,/)
  for (const picture of all('use')) {
    expect(document.querySelector(picture.getAttribute('href')!)?.tagName.toLowerCase()).toBe('image')
  }
  expect(all('script').map((script) => script.getAttribute('type'))).toEqual(['application/json'])
  expect(document.querySelector('meta[http-equiv]')?.getAttribute('content')).toContain("default-src 'none'")
})

test('states the figures of the run', () => {
  const facts = textsOf('.facts dt').map((name, at) => `${name} ${textsOf('.facts strong')[at]}`)
  const { correct, count } = report.test!
  expect(facts).toEqual([
    `test accuracy ${((100 * correct) / count).toFixed(2)} %`,
    'training accuracy 75.00 %',
    expect.stringMatching(/^loss 1\.\d+$/),
    'iterations 6',
    'parameters 235',
    'time 1 min 15 s',
  ])
  expect(textsOf('header > p')).toEqual([
    'noise · 30 training samples · batches of 10 · seed 42 · 2026-01-02 03:04 UTC',
  ])
})

test('shows the confusion matrix number by number', () => {
  const shown = all('.confusion tbody tr').map((row) =>
    [...row.querySelectorAll('td')].slice(0, -1).map((cell) => Number(cell.textContent)),
  )
  expect(shown).toEqual(report.test!.confusion)
})

test('shows each mistake with its picture, its classes and its probabilities', () => {
  const { mistakes } = report.test!
  expect(all('.mistakes li')).toHaveLength(mistakes.length)
  for (const [at, card] of all('.mistakes li').entries()) {
    const { index, label, predicted, probabilities } = mistakes[at]!
    expect(card.querySelector('figcaption')?.textContent).toBe(`${label} taken for ${predicted} no. ${index}`)
    const picture = card.querySelector('svg')
    expect(picture?.getAttribute('aria-label')).toBe(`Test sample ${index}: ${label}, taken for ${predicted}`)
    // The pictures are 6 pixels high, one below the other, with a row more on either side.
    expect(picture?.getAttribute('viewBox')).toBe(`0 ${8 * at + 1} 6 6`)
    expect(picture?.querySelector('use')?.getAttribute('href')).toBe('#mistakes')
    expect(card.querySelector('.own dt')?.textContent).toBe(String(label))
    expect(card.querySelector('.taken dd')?.textContent).toBe(`${(100 * probabilities[predicted]!).toFixed(1)} %`)
  }
})

test('holds the three lists of the run as JSON', () => {
  expect(JSON.parse(document.querySelector('#lists')!.textContent)).toEqual({
    train_loss_list: [2.3, 2.1, 1.9, 1.5, 1.25, 1.125],
    train_acc_list: [0.5, 0.75],
    test_acc_list: [0.4375, 0.625],
  })
  expect(all('.accuracies tbody tr').map((row) => [...row.children].map((cell) => cell.textContent))).toEqual([
    ['1', '3', '50.00 %', '43.75 %'],
    ['2', '6', '75.00 %', '62.50 %'],
  ])
})

test('float32 losses are in the lists with the digits that tell them apart, no more', () => {
  const losses = [Math.fround(0.1), Math.fround(1 / 3), 1 / 3]
  const page = reportPage({ ...report, training: { ...report.training, losses } })
  const list = JSON.parse(parseHTML(page).document.querySelector('#lists')!.textContent).train_loss_list
  expect(list.map(Math.fround)).toEqual(losses.map(Math.fround))
  expect(list).toEqual([0.1, 0.33333334, 1 / 3])
})

test('every picture and chart says in words what it shows, and charts name their axes', () => {
  const sheets = all('svg[aria-hidden]')
  expect(sheets.map((sheet) => sheet.querySelector('image')?.id)).toEqual(['mistakes', 'weights'])
  for (const svg of all('svg:not([aria-hidden])')) {
    expect(svg.getAttribute('role')).toBe('img')
    expect(svg.getAttribute('aria-label')).not.toBe('')
  }
  const labels = all('svg.wide').map((svg) =>
    [...svg.querySelectorAll('text')].map((label) => label.textContent).join(' '),
  )
  expect(labels[0]).toMatch(/iteration.*loss \(cross-entropy, nats\)/)
  expect(labels[1]).toMatch(/epoch.*accuracy \(%\)/)
})

test('shows the layers, the options and the machine', () => {
  expect(textsOf('.net tbody th')).toEqual(['conv1', 'relu1', 'flatten1', 'dense1'])
  expect(textsOf('.net tfoot td')).toEqual(['', '235', '768'])
  expect(textsOf('.list dt')).toEqual([
    'learningRate',
    'optimizer',
    'dropout',
    'seed',
    'processor',
    'threads',
    'memory',
    'system',
    'Node',
  ])
  expect(textsOf('.list dd').slice(0, 4)).toEqual(['0.1', 'sgd', '–', '42'])
})

test('shows each filter', () => expect(textsOf('.weights li')).toHaveLength(4))

describe('text of the user', () => {
  const evil = `</script><script>alert(1)</script><img src=x onerror="alert('&')">`
  const page = reportPage({
    ...describeRun({
      ...run,
      name: evil,
      data: evil,
      lossName: evil,
      classes: [evil, evil, evil],
      configuration: { [evil]: evil },
    }),
  })
  const parsed = parseHTML(page).document

  test('stays text', () => {
    expect(page).not.toContain('<script>alert')
    expect(page).not.toContain('<img src=x')
    expect(parsed.querySelectorAll('script')).toHaveLength(1)
    expect(parsed.querySelector('h1')?.textContent).toBe(evil)
    expect([...parsed.querySelectorAll('.list dt')][0]?.textContent).toBe(evil)
    expect(parsed.querySelector('.confusion tbody th')?.textContent).toBe(evil)
  })
})

describe('without', () => {
  const bare: RunReport = {
    ...report,
    data: null,
    seconds: null,
    seed: null,
    configuration: {},
    test: null,
    firstLayer: null,
    signals: [],
    training: { ...report.training, accuracies: [] },
  }

  test('accuracies, samples and options their sections are left out', () =>
    expect(headingsOf(reportPage(bare))).toEqual(['Loss', 'Net', 'Machine']))

  test('an iteration the rest stands', () => {
    const page = reportPage({ ...bare, training: { ...bare.training, losses: [] } })
    expect(headingsOf(page)).toEqual(['Net', 'Machine'])
    expect(page).not.toContain('NaN')
  })

  test('a loss that is a number it says so', () => {
    const losses = [2, Number.NaN, Number.POSITIVE_INFINITY]
    const some = reportPage({ ...bare, training: { ...bare.training, losses } })
    expect(some).toContain('2 of the losses were NaN or infinite')
    const none = reportPage({ ...bare, training: { ...bare.training, losses: losses.slice(1) } })
    expect(none).toContain('No iteration gave a loss that is a number.')
  })

  test.each([1, 2])('more than %d iterations there is a chart', (count) => {
    const page = reportPage({ ...bare, training: { ...bare.training, losses: [3, 2].slice(0, count) } })
    expect(parseHTML(page).document.querySelector('svg.wide')).not.toBeNull()
    expect(page).not.toMatch(/NaN|Infinity/)
  })

  test('a mistake only the matrix is shown', () => {
    const perfect = {
      ...report.test!,
      confusion: [
        [9, 0, 0],
        [0, 8, 0],
        [0, 0, 7],
      ],
      mistakes: [],
    }
    expect(headingsOf(reportPage({ ...report, test: perfect }))).not.toContain('Worst mistakes')
  })
})

test('12,000 iterations in 20 epochs stay well under a megabyte', () => {
  const history = Array.from({ length: 20 }, (_, epoch) => ({
    epoch: epoch + 1,
    losses: Array.from({ length: 600 }, (_, at) => Math.fround(2 / (1 + epoch + at / 600) + 0.3 * Math.sin(at * 1.7))),
    trainAccuracy: 0.9 + epoch / 250,
    testAccuracy: 0.9 + epoch / 300,
  }))
  const long = reportPage(describeRun({ ...run, record: recordOf(history, 600) }))
  expect(long.length).toBeLessThan(600_000)
  expect(parseHTML(long).document.querySelectorAll('.accuracies tbody tr')).toHaveLength(20)
})
