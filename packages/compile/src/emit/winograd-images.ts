import { InternalError } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { mapAffines, withLoad } from '../collapse.ts'
import { panelsOf, rowBlocks, vectorsOf } from '../panels.ts'
import type { LoopTask, WinogradImagesTask } from '../tasks.ts'
import { call, forRange, lesser, whileBelow, whileLoop } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32, v128 } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { SCRATCH } from './cursor.ts'
import { emitInnerLoops } from './loop.ts'
import { microKernel } from './micro-kernel.ts'
import type { ContractContext } from './operands.ts'
import type { Phase } from './phase.ts'
import type { Scratch } from './scratch.ts'
import { everyStep, ofFilters, PLANES, TILE, toOutput, transformed, transformedSquare } from './winograd.ts'
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
function piecesOf({ images, out }: WinogradImagesTask) {
  const [rows, columns] = [Math.ceil(out[1]! / TILE), Math.ceil(out[2]! / TILE)]
  const block = blockOf(out[0]!, rows * columns)
  const tiling: Tiling = { images: out[0]!, rows, columns, channels: images[3]!, reach: 6, block }
  const filters = out[3]!
  const output = TILE * TILE * rows * columns * filters * 4
  const sizes = [
    imageBytes(tiling),
    stripBytes(tiling),
    planesBytes(tiling),
    PLANES * planeBytes(tilesOf(tiling), filters),
    24 * filters * 4,
    output,
  ]
  const { places, end } = sideBySide(sizes)
  const [image, strip, planes, products, half, result] = places as [number, number, number, number, number, number]
  return { tiling, filters, own: end, image, strip, planes, products, half, result }
}

/** How many images a task takes together. */
export const blockOfTask = ({ out }: WinogradImagesTask): number =>
  blockOf(out[0]!, Math.ceil(out[1]! / TILE) * Math.ceil(out[2]! / TILE))

/** How far planes of transformed filters are apart. */
const filterPlane = ({ images, out }: WinogradImagesTask): number => planeBytes(images[3]!, out[3]!)

export const imagesScratch = (task: WinogradImagesTask): Scratch => ({
  own: piecesOf(task).own,
  shared: PLANES * filterPlane(task),
})

/** The phases of images under windows times filters: the filters transformed, then block of images by block of images. */
export function emitWinogradImages(task: WinogradImagesTask, context: ContractContext): Phase[] {
  return [transformFilters(task, context), convolve(task, context)]
}

/** The filters as planes of [channel, filter] in shared memory. */
function transformFilters(task: WinogradImagesTask, { addresses, shared }: ContractContext): Phase {
  const { filters, images, out } = task
  const { by, base } = filters.index
  const start = addresses.get(filters.buffer)! + 4 * base
  const [apart, channelApart] = [4 * by[0]!, 4 * by[1]!]
  const count = out[3]!
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
      const taps = [0, 1, 2].map(() => [0, 1, 2].map(() => f.local('v128', 'tap')))
      const load = (row: number, column: number): Node<'v128'> => {
        const offset = 4 * (row * by[2]! + column * by[3]!)
        const at = (lane: number) => i32.add(from, offset + lane * apart)
        const one: Node<'v128'> = v128.load32_zero(at(0))
        return [1, 2, 3].reduce((lanes, lane) => v128.load32_lane(at(lane), lanes, lane), one)
      }
      const square = transformedSquare(f, ofFilters, taps)
      return [
        channel.set(begin),
        whileBelow(channel, end, [
          from.set(i32.add(i32.mul(channel, channelApart), start)),
          to.set(i32.add(i32.mul(channel, 4 * count), shared)),
          forRange(filter, 0, count, 4, [
            ...taps.flatMap((row, y) => row.map((tap, x) => tap.set(load(y, x)))),
            ...square.before,
            ...square.results.flatMap((row, y) =>
              row.map((result, x) => v128.store(to, result, { offset: (6 * y + x) * filterPlane(task), align: 4 })),
            ),
            from.set(i32.add(from, 4 * apart)),
            to.set(i32.add(to, 16)),
          ]),
        ]),
      ]
    },
  }
}

function convolve(task: WinogradImagesTask, context: ContractContext): Phase {
  const pieces = piecesOf(task)
  const { tiling, filters } = pieces
  const { block, images, rows, columns, channels } = tiling
  const at = (place: number) => i32.add(context.own, place)
  const perImage = rows * columns
  return {
    turns: Math.ceil(images / block),
    grain: 1,
    images: block,
    build: (f, begin, end) => {
      const [turn, image, first, stop, tiles] = [
        f.local('i32', 'block'),
        f.local('i32', 'image'),
        f.local('i32', 'tile'),
        f.local('i32', 'stop'),
        f.local('i32', 'tiles'),
      ]
      const eachImage = (body: readonly Node<'none'>[]) => [
        image.set(i32.mul(turn, block)),
        first.set(0),
        whileBelow(image, stop, [...body, first.set(i32.add(first, perImage))]),
      ]
      const places = { image: at(pieces.image), strip: at(pieces.strip), planes: at(pieces.planes) }
      const source = { value: task.value, shape: task.images, start: task.start }
      return [
        clear(tiling, at(pieces.image)),
        turn.set(begin),
        whileBelow(turn, end, [
          stop.set(lesser(i32.mul(i32.add(turn, 1), block), i32.const(images))),
          tiles.set(i32.mul(i32.sub(stop, i32.mul(turn, block)), perImage)),
          ...eachImage([
            ...stage(f, tiling, context, source, image, places.image),
            ...intoPlanes(f, tiling, places, first),
          ]),
          ...multiplyPlanes(f, context, {
            planes: PLANES,
            a: { base: places.planes, plane: planeBytes(tilesOf(tiling), channels), row: 4 * channels, step: 4 },
            b: { base: i32.const(context.shared), plane: filterPlane(task), step: 4 * filters },
            c: { base: at(pieces.products), plane: planeBytes(tilesOf(tiling), filters), row: 4 * filters },
            rows: tiles.get,
            columns: filters,
            k: i32.const(channels),
            first: i32.const(1),
          }),
          ...eachImage([
            ...outOfPlanes(f, task, pieces, at, first),
            ...emitInnerLoops(
              f,
              resultOf(task, columns),
              [image],
              context.addresses,
              context.functions,
              at(pieces.result),
            ),
          ]),
        ]),
      ]
    },
  }
}

/** A matrix product for each plane, all of one size. Distances in bytes. */
export interface PlaneProducts {
  readonly planes: number
  readonly a: { readonly base: Node<'i32'>; readonly plane: number; readonly row: number; readonly step: number }
  readonly b: { readonly base: Node<'i32'>; readonly plane: number; readonly step: number }
  readonly c: { readonly base: Node<'i32'>; readonly plane: number; readonly row: number }
  readonly rows: Node<'i32'>
  readonly columns: number
  readonly k: Node<'i32'>
  /** 1 to write, 0 to add to what is there. */
  readonly first: Node<'i32'>
}

export function multiplyPlanes(
  f: FunctionBuilder,
  { module, fused, kernels }: ContractContext,
  products: PlaneProducts,
): Node<'none'>[] {
  const { a, b, c, columns, rows, k, first } = products
  const [plane, panel, row] = [f.local('i32', 'plane'), f.local('i32', 'panel'), f.local('i32', 'row')]
  const [x, y, z, stop, depth] = [
    f.local('i32', 'a'),
    f.local('i32', 'b'),
    f.local('i32', 'c'),
    f.local('i32', 'rows'),
    f.local('i32', 'depth'),
  ]
  const allRows = (width: number, before: Node<'i32'>): Node<'none'>[] => [
    x.set(i32.add(a.base, i32.mul(plane, a.plane))),
    y.set(i32.add(i32.add(b.base, i32.mul(plane, b.plane)), before)),
    z.set(i32.add(i32.add(c.base, i32.mul(plane, c.plane)), before)),
    row.set(0),
    ...rowBlocks(kernels, vectorsOf(width, 'float32')).map((count) => {
      const kernel = microKernel(module, {
        dtype: 'float32',
        rows: count,
        columns: width,
        fused,
        registers: kernels.registers,
        aRow: a.row,
        aStep: a.step,
        bStep: b.step,
        cRow: c.row,
        cColumn: 4,
      })
      return whileLoop(i32.le_s(i32.add(row, count), stop), [
        call(kernel, { a: x, b: y, end: i32.add(y, depth), c: z, first }),
        x.set(i32.add(x, count * a.row)),
        z.set(i32.add(z, count * c.row)),
        row.set(i32.add(row, count)),
      ])
    }),
  ]
  return [
    stop.set(rows),
    depth.set(i32.mul(k, b.step)),
    forRange(
      plane,
      0,
      products.planes,
      1,
      panelsOf(kernels, columns, 'float32').map(({ from, width, count }) =>
        forRange(panel, 0, count, 1, allRows(width, i32.add(i32.mul(panel, 4 * width), 4 * from))),
      ),
    ),
  ]
}

/** One image of the output, as [row, column, filter] with whole tiles, from the planes of products. */
function outOfPlanes(
  f: FunctionBuilder,
  task: WinogradImagesTask,
  pieces: ReturnType<typeof piecesOf>,
  at: (place: number) => Node<'i32'>,
  first: Local<'i32'>,
): Node<'none'>[] {
  const { tiling, filters } = pieces
  const { rows, columns } = tiling
  const plane = planeBytes(tilesOf(tiling), filters)
  const pixel = 4 * filters
  const line = TILE * columns * pixel
  if (task.out[3] !== filters) throw new InternalError('tiles of other channels than their output')
  const [tileRow, tileColumn, side, from, to] = [
    f.local('i32', 'tileRow'),
    f.local('i32', 'tileColumn'),
    f.local('i32', 'side'),
    f.local('i32', 'from'),
    f.local('i32', 'to'),
  ]
  const tile = i32.add(first, i32.add(i32.mul(tileRow, columns), tileColumn))
  return [
    forRange(tileRow, 0, rows, 1, [
      forRange(tileColumn, 0, columns, 1, [
        forRange(side, 0, 6, 1, [
          from.set(i32.add(i32.add(at(pieces.products), i32.mul(side, plane)), i32.mul(tile, pixel))),
          to.set(i32.add(at(pieces.half), i32.mul(side, pixel))),
          ...transformed(f, toOutput, filters / 4, from, everyStep(6, 6 * plane), to, everyStep(TILE, 6 * pixel)),
        ]),
        forRange(side, 0, TILE, 1, [
          from.set(i32.add(at(pieces.half), i32.mul(side, 6 * pixel))),
          to.set(
            i32.add(
              i32.add(at(pieces.result), i32.mul(i32.add(i32.mul(tileRow, TILE), side), line)),
              i32.mul(tileColumn, TILE * pixel),
            ),
          ),
          ...transformed(f, toOutput, filters / 4, from, everyStep(6, pixel), to, everyStep(TILE, pixel)),
        ]),
      ]),
    ]),
  ]
}

/** The loop that brings one image of the output to where it is stored, finished. */
function resultOf({ out, store, finish }: WinogradImagesTask, columns: number): LoopTask {
  const filters = out[3]!
  const order = [1, 2, 3].sort((one, other) => store.index.by[other]! - store.index.by[one]! || one - other)
  const loops = [0, ...order]
  const renew = ({ base, by }: Affine): Affine => ({ base, by: loops.map((loop) => by[loop]!) })
  const made = {
    op: 'load',
    dtype: 'float32',
    buffer: SCRATCH,
    index: renew({ base: 0, by: [0, TILE * columns * filters, filters, 1] }),
  } as const
  return {
    kind: 'loop',
    store: { ...store, index: renew(store.index) },
    lengths: loops.map((loop) => out[loop]!),
    rank: 4,
    value: finish === undefined ? made : withLoad(mapAffines(finish, renew), store.buffer, made),
  }
}
