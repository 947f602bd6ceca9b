import { parseArgs } from 'node:util'
import { BenchError } from './errors.ts'
import { NAMES, SHORT_NAMES } from './rows.ts'
import { PEERS } from './systems.ts'

export interface BenchOptions {
  readonly rows: readonly string[]
  readonly peers: readonly string[]
  readonly rounds: number | undefined
  readonly json: boolean
  readonly slow: boolean
}

const PEER_NAMES = PEERS.map(({ name }) => name)

export const HELP = `Usage: pnpm bench [rows…] [--rounds <n>] [--peers <names>] [--slow] [--json]

Measures Cotangent and its peers in turns and prints medians and ratios.

Rows, the first six when none is named:
  w1 w2 w3       a training step of TwoLayerNet, SimpleConvNet, DeepConvNet
  inference-w1   images a second of TwoLayerNet, and inference-w2 of SimpleConvNet
  first          import of the built packages to the end of the first step
  w1-dense       w1 with inverted digits, which have few zeros to leave out
  full           the whole process of \`pnpm example two-layer\`: minutes
  heap           what 10,000 steps leave on the JavaScript heap
  hidden batch   how a step grows with the hidden layer, with the batch
  all            all of these

Options:
  --rounds <n>     how often each has its turn (default: 5)
  --peers <names>  ${PEER_NAMES.slice(0, 4).join(', ')},
                   ${PEER_NAMES.slice(4).join(', ')}; or none (default: all)
  --slow           also what takes a peer minutes
  --json           one JSON object on standard output instead of tables

The JavaScript peers are installed by npm in your cache folder, PyTorch is used where a Python
has it (PYTHON names one).

Example:
  pnpm bench w1 w2 --rounds 9 --peers pytorch`

/**
 * What the command line asks for; `undefined` for help.
 *
 * @throws BenchError for what there is not, in one sentence.
 */
export function optionsOf(args: readonly string[]): BenchOptions | undefined {
  const { values, positionals } = parsed(args)
  if (values.help) return undefined
  const rows = positionals.flatMap((name) => (name === 'all' ? NAMES : [known('row', name, [...NAMES, 'all'])]))
  const peers = values.peers?.split(',').map((name) => name.trim()) ?? PEER_NAMES
  return {
    rows: rows.length > 0 ? NAMES.filter((name) => rows.includes(name)) : SHORT_NAMES,
    peers:
      peers.length === 1 && peers[0] === 'none'
        ? []
        : peers.map((name) => known('peer', name, [...PEER_NAMES, 'none'])),
    rounds: values.rounds === undefined ? undefined : count(values.rounds),
    json: values.json,
    slow: values.slow,
  }
}

function parsed(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        rounds: { type: 'string' },
        peers: { type: 'string' },
        json: { type: 'boolean', default: false },
        slow: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    })
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.\s/)
    throw new BenchError(`${sentence}; \`pnpm bench --help\` lists the options`)
  }
}

function known(kind: string, name: string, names: readonly string[]): string {
  if (names.includes(name)) return name
  throw new BenchError(`there is no ${kind} ${JSON.stringify(name)}; choose from ${names.join(', ')}`)
}

function count(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 1) return value
  throw new BenchError(`--rounds is ${JSON.stringify(text)}; give a whole number from 1 up`)
}
