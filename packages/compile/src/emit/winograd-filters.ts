import { PARTS } from '../product.ts'
import type { LoopTask, WinogradFiltersTask } from '../tasks.ts'
import { forRange, lesser, whileBelow } from '../wasm/control.ts'
import { i32, v128 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { SHARED } from './cursor.ts'
import { emitLoop } from './loop.ts'
import type { ContractContext } from './operands.ts'
import type { Phase } from './phase.ts'
import type { Scratch } from './scratch.ts'
import { PLANES, TILE, toFilters, transformedSquare } from './winograd.ts'
import { multiplyPlanes } from './winograd-images.ts'
import {
  blockOf,
  clear,
  imageBytes,
  intoPlanes,
  planeBytes,
  planesBytes,
  sideBySide,
  stage,
  stripBytes,
  type Tiling,
  tilesOf,
} from './winograd-tiles.ts'

/** What a task works with, and where each piece lies in the working memory. */
function piecesOf({ images, cotangents }: WinogradFiltersTask) {
  const [rows, columns] = [Math.ceil(cotangents[1]! / TILE), Math.ceil(cotangents[2]! / TILE)]
  const count = cotangents[0]!
  const block = Math.min(blockOf(count, rows * columns), Math.ceil(count / PARTS))
  const shared = { images: count, rows, columns, block }
  const under: Tiling = { ...shared, channels: images[3]!, reach: 6 }
  const over: Tiling = { ...shared, channels: cotangents[3]!, reach: TILE }
  const sizes = [
    imageBytes(under),
    imageBytes(over),
    Math.max(stripBytes(under), stripBytes(over)),
    planesBytes(under),
    planesBytes(over),
  ]
  const { places, end } = sideBySide(sizes)
  const [image, cotangent, strip, planes, others] = places as [number, number, number, number, number]
  return { under, over, own: end, image, cotangent, strip, planes, others }
}

/** Into how many parts the images are cut; fixed, so that bits do not depend on threads. */
const partsOf = ({ cotangents }: WinogradFiltersTask): number => Math.min(PARTS, cotangents[0]!)

/** The elements of one part's transformed filters: planes of [channel, filter]. */
const partSize = ({ images, cotangents }: WinogradFiltersTask): number =>
  (PLANES * planeBytes(images[3]!, cotangents[3]!)) / 4

export const filtersScratch = (task: WinogradFiltersTask): Scratch => ({
  own: piecesOf(task).own,
  // The parts, and their sum.
  shared: (partsOf(task) + 1) * partSize(task) * 4,
})

/** The phases of a gradient by filters: parts of the images side by side, these added up in order, and transformed back. */
export function emitWinogradFilters(task: WinogradFiltersTask, context: ContractContext): Phase[] {
  const size = partSize(task)
  const total: LoopTask = {
    kind: 'loop',
    store: { buffer: SHARED, dtype: 'float32', index: { base: partsOf(task) * size, by: [1, 0] } },
    lengths: [size, partsOf(task)],
    rank: 1,
    fold: 'sum',
    value: { op: 'load', dtype: 'float32', buffer: SHARED, index: { base: 0, by: [1, size] } },
  }
  const addresses = new Map(context.addresses).set(SHARED, context.shared)
  return [accumulate(task, context), emitLoop(total, addresses, context.functions), transformBack(task, context)]
}

function accumulate(task: WinogradFiltersTask, context: ContractContext): Phase {
  const pieces = piecesOf(task)
  const { under, over } = pieces
  const { block, images, rows, columns } = under
  const at = (place: number) => i32.add(context.own, place)
  const perImage = rows * columns
  return {
    turns: partsOf(task),
    grain: 1,
    build: (f, begin, end) => {
      const [part, image, tile, stop, last, first] = [
        f.local('i32', 'part'),
        f.local('i32', 'image'),
        f.local('i32', 'tile'),
        f.local('i32', 'stop'),
        f.local('i32', 'last'),
        f.local('i32', 'first'),
      ]
      const edge = (index: Node<'i32'>) => i32.div_u(i32.mul(index, images), partsOf(task))
      const images1 = { image: at(pieces.image), strip: at(pieces.strip), planes: at(pieces.planes) }
      const images2 = { image: at(pieces.cotangent), strip: at(pieces.strip), planes: at(pieces.others) }
      const source = { value: task.value, shape: task.images, start: task.start }
      const other = { value: task.cotangent, shape: task.cotangents, start: [0, 0] as const }
      const filters = 4 * over.channels
      return [
        clear(under, images1.image),
        clear(over, images2.image),
        part.set(begin),
        whileBelow(part, end, [
          image.set(edge(part.get)),
          last.set(edge(i32.add(part, 1))),
          first.set(1),
          whileBelow(image, last, [
            // One block: `image` stands at its last image afterwards.
            stop.set(i32.add(image, block)),
            stop.set(lesser(stop.get, last.get)),
            tile.set(0),
            whileBelow(image, stop, [
              ...stage(f, under, context, source, image, images1.image),
              ...intoPlanes(f, under, images1, tile),
              ...stage(f, over, context, other, image, images2.image),
              ...intoPlanes(f, over, images2, tile),
              tile.set(i32.add(tile, perImage)),
            ]),
            image.set(i32.sub(image, 1)),
            ...multiplyPlanes(f, context, {
              planes: PLANES,
              a: {
                base: images1.planes,
                plane: planeBytes(tilesOf(under), under.channels),
                row: 4,
                step: 4 * under.channels,
              },
              b: { base: images2.planes, plane: planeBytes(tilesOf(over), over.channels), step: filters },
              c: {
                base: i32.add(i32.mul(part, 4 * partSize(task)), context.shared),
                plane: planeBytes(under.channels, over.channels),
                row: filters,
              },
              rows: i32.const(under.channels),
              columns: over.channels,
              k: tile.get,
              first: first.get,
            }),
            first.set(0),
          ]),
        ]),
      ]
    },
  }
}

/** The summed planes as filters, where these are stored. */
function transformBack(task: WinogradFiltersTask, { addresses, shared }: ContractContext): Phase {
  const { store, images, cotangents } = task
  const { by, base } = store.index
  const start = addresses.get(store.buffer)! + 4 * base
  const [apart, channelApart] = [4 * by[0]!, 4 * by[1]!]
  const count = cotangents[3]!
  const plane = planeBytes(images[3]!, count)
  const sum = shared + 4 * partsOf(task) * partSize(task)
  return {
    turns: images[3]!,
    grain: 1,
    build: (f, begin, end) => {
      const [channel, filter, from, to] = [
        f.local('i32', 'channel'),
        f.local('i32', 'filter'),
        f.local('i32', 'from'),
        f.local('i32', 'to'),
      ]
      const tile = Array.from({ length: 6 }, () => Array.from({ length: 6 }, () => f.local('v128', 'u')))
      const square = transformedSquare(f, toFilters, tile)
      const result = f.local('v128', 'result')
      return [
        channel.set(begin),
        whileBelow(channel, end, [
          from.set(i32.add(i32.mul(channel, 4 * count), sum)),
          to.set(i32.add(i32.mul(channel, channelApart), start)),
          forRange(filter, 0, count, 4, [
            ...tile.flatMap((row, y) =>
              row.map((u, x) => u.set(v128.load(from, { offset: (6 * y + x) * plane, align: 4 }))),
            ),
            ...square.before,
            ...square.results.flatMap((row, y) =>
              row.flatMap((value, x) => {
                const offset = 4 * (y * by[2]! + x * by[3]!)
                return [
                  result.set(value),
                  ...[0, 1, 2, 3].map((lane) => v128.store32_lane(i32.add(to, offset + lane * apart), result, lane)),
                ]
              }),
            ),
            from.set(i32.add(from, 16)),
            to.set(i32.add(to, 4 * apart)),
          ]),
        ]),
      ]
    },
  }
}
