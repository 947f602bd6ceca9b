/** The page's style sheet: light and dark as the reader's system is, one column on phones, black on white in print. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --paper: #fff; --ink: #1a1f26; --muted: #57616d; --line: #dde2e8; --card: #f6f7f9;
  --blue: #1d5fb8; --orange: #b9530b;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #13171c; --ink: #e5e9ee; --muted: #98a3af; --line: #2c343d; --card: #1a2027;
    --blue: #6aa6f8; --orange: #ee9a5c;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0 auto; padding: 2rem 1.5rem 4rem; max-width: 1180px; background: var(--paper); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; font-variant-numeric: tabular-nums;
}
h1 { margin: 0; font-size: 2rem; line-height: 1.2; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.2rem; }
h3 { margin: 0; font-size: 1rem; }
small, figcaption, caption, header > p { color: var(--muted); }
.beside > figure > figcaption { margin-bottom: .5rem; }
small { font-weight: normal; font-size: .8rem; }
header > p { margin: .25rem 0 1.25rem; }
section { margin-top: 2.5rem; min-width: 0; }
section > p { margin: 0 0 1rem; max-width: 46rem; }
figure { margin: 0; min-width: 0; }
figcaption, caption { font-size: .8rem; line-height: 1.4; }
.chart ~ figcaption { margin-top: .35rem; }
ul { list-style: none; margin: 0; padding: 0; }
dl, dd { margin: 0; }
.columns { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0 2.5rem; }
.scroll { overflow-x: auto; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
.number { text-align: right; }

.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(160px, 1fr)); gap: .75rem; }
.facts > div { padding: .75rem 1rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.facts dt { color: var(--muted); font-size: .8rem; }
.facts strong { display: block; font-size: 1.45rem; line-height: 1.3; font-weight: 650; }
.facts small { display: block; line-height: 1.35; }

.chart { display: block; max-width: 100%; height: auto; overflow: visible; }
.chart text { white-space: pre; }
.chart.narrow { display: none; }
.key { display: inline-block; width: 1.4rem; height: 0; margin: 0 .15rem 0 .6rem; vertical-align: middle; border-top: 2px solid; }
.key:first-child { margin-left: 0; }
.key.raw { border-top-width: 1px; border-color: var(--blue); opacity: .6; }
.key.trend, .key.test { border-color: var(--orange); }
.key.train { border-color: var(--blue); border-top-style: dashed; }

table { border-collapse: collapse; }
caption { text-align: left; padding-bottom: .5rem; }
th { font-weight: 600; text-align: left; }
th.number { text-align: right; }
th, td { padding: .25rem .6rem; }
tr > :first-child { padding-left: 0; }
thead th { border-bottom: 1px solid var(--line); color: var(--muted); font-weight: 500; font-size: .85rem; }
details { margin-top: .75rem; }
summary { cursor: pointer; color: var(--muted); font-size: .85rem; }
details table { margin-top: .5rem; }

.beside { display: flex; flex-wrap: wrap; gap: 2rem 3.5rem; align-items: flex-start; }
.beside > * { min-width: 0; max-width: 100%; }
.confusion { border-spacing: 2px; border-collapse: separate; }
.confusion th, .confusion td { padding: .3rem .25rem; text-align: center; border: 0; font-size: .85rem; }
.confusion th { white-space: nowrap; }
.confusion td { min-width: 2.9rem; border-radius: 4px; }
.confusion.long thead th { writing-mode: vertical-rl; text-align: right; }
.confusion.long th[scope=row] { text-align: left; }
.confusion .zero { color: var(--muted); opacity: .45; }
.confusion .hit { background: color-mix(in srgb, var(--blue) var(--strength), transparent); }
.confusion .miss { background: color-mix(in srgb, var(--orange) var(--strength), transparent); }
.confusion .right { color: var(--muted); white-space: nowrap; }

.mistakes { display: grid; grid-template-columns: repeat(auto-fill, minmax(155px, 1fr)); gap: .75rem; }
.mistakes li { padding: .75rem; border: 1px solid var(--line); border-radius: 8px; background: var(--card); }
.mistakes .picture { display: block; margin: 0 auto .5rem; border-radius: 4px; }
.mistakes figcaption { color: var(--ink); margin-bottom: .35rem; }
.ink { filter: invert(1); }
.probabilities { font-size: .78rem; line-height: 1.45; }
.probabilities > div { display: grid; grid-template-columns: fit-content(45%) 1fr; gap: .4rem; overflow-wrap: anywhere; }
.probabilities dt { min-width: .8rem; }
.probabilities dd { display: grid; grid-template-columns: 1fr 3.6rem; gap: .3rem; align-items: center; text-align: right; white-space: nowrap; }
.bar { height: .5rem; border-radius: 2px; background: linear-gradient(to right, var(--tint) var(--share), var(--line) var(--share)); }
.own { --tint: var(--blue); }
.taken { --tint: var(--orange); }
.other { --tint: var(--muted); }
.own dt, .own-word { color: var(--blue); font-weight: 600; }
.taken dt, .taken-word { color: var(--orange); font-weight: 600; }

.weights { display: grid; grid-template-columns: repeat(auto-fill, minmax(72px, 1fr)); gap: .5rem; margin-bottom: .5rem; }
.weights .picture { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 4px; }

.layer { display: grid; grid-template-columns: 6.5rem repeat(3, minmax(0, 1fr)); gap: 1rem; padding: 1rem 0; border-top: 1px solid var(--line); }
.layer h3 small { display: block; }
.layer figcaption { padding-left: 38px; }
.nothing { margin: 2rem 0 0; color: var(--muted); }

.net th[scope=row] { padding-left: calc(var(--depth, 0) * 1.2rem); }
.net tfoot th, .net tfoot td { border-top: 1px solid var(--line); font-weight: 600; }
.net, .list, .pairs, .accuracies { font-size: .9rem; }
.list > div { display: grid; grid-template-columns: 9rem 1fr; gap: 1rem; padding: .2rem 0; border-top: 1px solid var(--line); }
.list dt { color: var(--muted); }
.list dd, .list dt { overflow-wrap: anywhere; }

@media (prefers-color-scheme: dark) { .ink { filter: none; } }
@media (max-width: 800px) {
  body { padding: 1.25rem 1rem 3rem; }
  .columns { grid-template-columns: minmax(0, 1fr); }
  .layer { grid-template-columns: repeat(3, minmax(0, 1fr)); }
  .layer h3 { grid-column: 1 / -1; }
  .layer h3 small { display: inline; }
}
@media (max-width: 640px) {
  .layer { grid-template-columns: minmax(0, 1fr); }
  .chart.wide { display: none; }
  .chart.narrow { display: block; }
  .facts { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .facts > div { padding: .6rem .7rem; }
  .facts strong { font-size: 1.2rem; }
  .confusion { border-spacing: 1px; }
  .confusion th, .confusion td { padding: .25rem 0; font-size: .7rem; }
  .confusion td { min-width: 1.72rem; }
  .confusion th[scope=row] { padding-right: .3rem; }
  .confusion .right { min-width: 2.6rem; }
  .mistakes { grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .5rem; }
  .weights { grid-template-columns: repeat(auto-fill, minmax(52px, 1fr)); gap: .35rem; }
  th, td { padding: .2rem .4rem; }
  .list > div { grid-template-columns: 7rem 1fr; gap: .6rem; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --muted: #444; --line: #ccc; --card: #fff; --blue: #1d5fb8; --orange: #b9530b; }
  body { padding: 0; font-size: 11px; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  figure, .mistakes li, .layer, table { break-inside: avoid; }
  h2 { break-after: avoid; }
  .ink { filter: invert(1); }
}
`
