import { InternalError } from '@cotangent/core'
import type { Affine } from '../affine.ts'
import { mapAffines } from '../collapse.ts'
import type { LoopTask } from '../tasks.ts'
import type { Value } from '../value.ts'
import { forRange } from '../wasm/control.ts'
import type { Local } from '../wasm/entities.ts'
import { i32, memory } from '../wasm/instructions.ts'
import type { FunctionBuilder } from '../wasm/module.ts'
import type { Node } from '../wasm/node.ts'
import { SCRATCH } from './cursor.ts'
import { emitInnerLoops } from './loop.ts'
import { aligned, type ContractContext } from './operands.ts'
import { everyStep, ofCotangents, ofImages, PLANES, TILE, transformed } from './winograd.ts'

/** The images of one tensor as tiles: sizes in elements. */
export interface Tiling {
  readonly images: number
  /** Tiles of an image. */
  readonly rows: number
  readonly columns: number
  readonly channels: number
  /** Rows and columns that a tile looks at: 6 of images, 4 of cotangents. */
  readonly reach: number
  /** Images taken together. */
  readonly block: number
}

/** Tiles taken together: as many as stay in the second cache with what becomes of them. */
const TILES = 64

/** Least blocks, so that threads have about as many each. */
const FEWEST_BLOCKS = 16

/** How many images are taken together: a power of two, which fits into any other. */
export function blockOf(images: number, tiles: number): number {
  const most = Math.min(TILES / tiles, images / FEWEST_BLOCKS)
  return 2 ** Math.max(0, Math.floor(Math.log2(most)))
}

export const tilesOf = ({ block, rows, columns }: Tiling): number => block * rows * columns

/** Rows and columns of an image with all that its tiles look at. */
const sideOf = (tiles: number, reach: number): number => TILE * (tiles - 1) + reach

/** Bytes of the working image, of a strip of it that is half transformed, and of the transformed tiles, plane after plane. */
export const imageBytes = ({ rows, columns, reach, channels }: Tiling): number =>
  4 * sideOf(rows, reach) * sideOf(columns, reach) * channels

export const stripBytes = ({ columns, reach, channels }: Tiling): number => 4 * 6 * sideOf(columns, reach) * channels

/** A line to spare, so that planes never start a power of two apart: they would share the lines of a cache. */
export const planeBytes = (tiles: number, channels: number): number => 4 * tiles * channels + 64

export const planesBytes = (tiling: Tiling): number => PLANES * planeBytes(tilesOf(tiling), tiling.channels)

/** Pieces of working memory one behind the other, with a line between them: where each begins, and where the last ends. */
export function sideBySide(sizes: readonly number[]): { readonly places: readonly number[]; readonly end: number } {
  let end = 0
  const places = sizes.map((bytes) => {
    const place = end
    end += aligned(bytes) + 64
    return place
  })
  return { places, end }
}

/** Where the steps of tiling an image lie. */
export interface TilingPlaces {
  readonly image: Node<'i32'>
  readonly strip: Node<'i32'>
  readonly planes: Node<'i32'>
}

/** What has to be done once before images are put to `place`: what no image covers is zero, which is the padding. */
export const clear = (tiling: Tiling, place: Node<'i32'>): Node<'none'> => memory.fill(place, 0, imageBytes(tiling))

/** Puts one image into working memory, as [row, column, channel] with its padding. */
export function stage(
  f: FunctionBuilder,
  tiling: Tiling,
  context: ContractContext,
  { value, shape, start }: { value: Value; shape: readonly number[]; start: readonly [number, number] },
  image: Local<'i32'>,
  place: Node<'i32'>,
): Node<'none'>[] {
  const { rows, columns, reach, channels } = tiling
  const width = sideOf(columns, reach)
  const [top, left] = [Math.max(0, start[0]), Math.max(0, start[1])]
  const height = Math.min(shape[1]!, start[0] + sideOf(rows, reach)) - top
  const across = Math.min(shape[2]!, start[1] + width) - left
  if (height <= 0 || across <= 0) return []
  const moved = ({ base, by }: Affine): Affine => ({ base: base + top * by[1]! + left * by[2]!, by })
  const task: LoopTask = {
    kind: 'loop',
    store: {
      buffer: SCRATCH,
      dtype: 'float32',
      index: {
        base: ((top - start[0]) * width + left - start[1]) * channels,
        by: [0, width * channels, channels, 1],
      },
    },
    lengths: [shape[0]!, height, across, channels],
    rank: 4,
    value: mapAffines(value, moved),
  }
  return emitInnerLoops(f, task, [image], context.addresses, context.functions, place)
}

/** Transforms the tiles of the image in working memory into the planes, from tile number `first` of the block on. */
export function intoPlanes(
  f: FunctionBuilder,
  tiling: Tiling,
  places: TilingPlaces,
  first: Local<'i32'>,
): Node<'none'>[] {
  const { rows, columns, reach, channels } = tiling
  const transform = reach === 6 ? ofImages : ofCotangents
  if (reach !== 6 && reach !== TILE) throw new InternalError(`tiles that look at ${reach} rows`)
  const row = 4 * sideOf(columns, reach) * channels
  const plane = planeBytes(tilesOf(tiling), channels)
  const [tileRow, along, line, from, to] = [
    f.local('i32', 'tileRow'),
    f.local('i32', 'along'),
    f.local('i32', 'line'),
    f.local('i32', 'from'),
    f.local('i32', 'to'),
  ]
  const tile = i32.add(first, i32.mul(tileRow, columns))
  return [
    forRange(tileRow, 0, rows, 1, [
      from.set(i32.add(places.image, i32.mul(tileRow, TILE * row))),
      to.set(places.strip),
      ...transformed(f, transform, row / 16, from, everyStep(reach, row), to, everyStep(6, row)),
      forRange(line, 0, 6, 1, [
        from.set(i32.add(places.strip, i32.mul(line, row))),
        to.set(i32.add(i32.add(places.planes, i32.mul(line, 6 * plane)), i32.mul(tile, 4 * channels))),
        forRange(along, 0, columns, 1, [
          ...transformed(f, transform, channels / 4, from, everyStep(reach, 4 * channels), to, everyStep(6, plane)),
          from.set(i32.add(from, (TILE - 1) * 4 * channels)),
        ]),
      ]),
    ]),
  ]
}
