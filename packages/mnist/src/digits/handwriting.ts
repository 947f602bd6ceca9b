import type { RandomStream } from './random-stream.ts'
import type { InkPoint } from './rasterize.ts'
import { SKELETONS, type Skeleton, type Stroke } from './skeletons.ts'

interface Point {
  readonly x: number
  readonly y: number
}

/**
 * How hands differ, chosen by eye and by MNIST's statistics (ink, size, width). Lengths are in digit heights, or in pixels
 * where it says so; a spread is a standard deviation.
 */
const HAND = {
  /** How far an anchor strays from its place. */
  anchorSpread: 0.025,
  /** How far the points of the lattice that bends the digit stray; the digit's middle moves a third as far. */
  bendSpread: 0.14,
  /** The width is multiplied by 1 + w, or divided by 1 − w where w is negative. */
  widthSpread: 0.22,
  /** x per y; hands lean to the right. */
  slant: 0.16,
  slantSpread: 0.2,
  /** Tangent of half the angle by which the digit is turned. */
  turnSpread: 0.05,
  /** Of the larger side of the digit with its line, in pixels. */
  size: 19.3,
  sizeSpread: 0.8,
  /** Of the centre of mass from the image's middle, in pixels. */
  shiftSpread: 0.6,
  /** Kept free at the image's border, in pixels. */
  margin: 1,
  /** Half the line's width, in pixels. */
  radius: 1.3,
  radiusSpread: 0.4,
  radiusMin: 0.6,
  /** How much the line swells and thins along a stroke, in parts of its radius. */
  swellSpread: 0.12,
  /** How ragged its outline is, in parts of its radius. */
  tremorSpread: 0.1,
  /** How dark the line is; from 1 on the ink is full. */
  darkness: 1.08,
  pressureSpread: 0.07,
} as const

/** Straight pieces that a curve between two anchors is cut into. */
const PIECES = 4

/**
 * The lines of one handwritten `digit`, in pixels of an image of `side` × `side`.
 *
 * Only + − × ÷ and square roots are used on the way, which every engine rounds alike: the same seed draws the same bytes
 * everywhere.
 */
export function writeDigit(digit: number, random: RandomStream, side: number): InkPoint[][] {
  const skeleton = choose(SKELETONS[digit]!, random)
  const shape = distortion(random)
  const strokes = skeleton.strokes.map((stroke) => curve(stroke, random).map(shape))
  return ink(strokes, random, side)
}

function choose(skeletons: readonly Skeleton[], random: RandomStream): Skeleton {
  const total = skeletons.reduce((sum, { weight }) => sum + weight, 0)
  let rest = random.uniform() * total
  for (const skeleton of skeletons) {
    rest -= skeleton.weight
    if (rest < 0) return skeleton
  }
  return skeletons[skeletons.length - 1]!
}

/**
 * A line through the strayed anchors of a stroke: a Catmull-Rom spline between any two corners.
 *
 * Source: E. Catmull, R. Rom, "A class of local interpolating splines", Computer Aided Geometric Design, 1974.
 */
function curve(stroke: Stroke, random: RandomStream): Point[] {
  const points = stroke.map(({ x, y }) => ({
    x: x + HAND.anchorSpread * random.normal(),
    y: y + HAND.anchorSpread * random.normal(),
  }))
  const line = [points[0]!]
  for (let index = 1; index < points.length; index++) {
    const from = points[index - 1]!
    const to = points[index]!
    const before = stroke[index - 1]!.corner ? from : (points[index - 2] ?? from)
    const after = stroke[index]!.corner ? to : (points[index + 1] ?? to)
    for (let piece = 1; piece <= PIECES; piece++) line.push(between(before, from, to, after, piece / PIECES))
  }
  return line
}

const between = (before: Point, from: Point, to: Point, after: Point, t: number): Point => ({
  x: spline(before.x, from.x, to.x, after.x, t),
  y: spline(before.y, from.y, to.y, after.y, t),
})

/** From q at t = 0 to r at t = 1, with the slopes that p before and s after them give. */
const spline = (p: number, q: number, r: number, s: number, t: number): number =>
  q + 0.5 * t * (r - p + t * (2 * p - 5 * q + 4 * r - s + t * (3 * (q - r) + s - p)))

/** A random elastic bend followed by stretching, slanting and turning. */
function distortion(random: RandomStream): (point: Point) => Point {
  const bend = elasticBend(random)
  const width = HAND.widthSpread * random.normal()
  const stretch = width < 0 ? 1 / (1 - width) : 1 + width
  const slant = HAND.slant + HAND.slantSpread * random.normal()
  // A rotation needs no sine and cosine when the tangent of half its angle is given.
  const half = HAND.turnSpread * random.normal()
  const cosine = (1 - half * half) / (1 + half * half)
  const sine = (2 * half) / (1 + half * half)
  return (point) => {
    const { x, y } = bend(point)
    const slanted = (x - 0.5) * stretch - slant * (y - 0.5)
    return { x: cosine * slanted - sine * (y - 0.5), y: sine * slanted + cosine * (y - 0.5) }
  }
}

/**
 * A smooth random displacement: points move with a lattice of 4 × 4 control points around the digit.
 *
 * Source: T. W. Sederberg, S. R. Parry, "Free-form deformation of solid geometric models", SIGGRAPH 1986.
 */
function elasticBend(random: RandomStream): (point: Point) => Point {
  const lattice = Array.from({ length: 16 }, () => ({
    x: HAND.bendSpread * random.normal(),
    y: HAND.bendSpread * random.normal(),
  }))
  return ({ x, y }) => {
    const columns = bernstein(x)
    const rows = bernstein(y)
    let movedX = x
    let movedY = y
    for (let index = 0; index < 16; index++) {
      const weight = rows[index >> 2]! * columns[index & 3]!
      movedX += weight * lattice[index]!.x
      movedY += weight * lattice[index]!.y
    }
    return { x: movedX, y: movedY }
  }
}

/** The four Bernstein polynomials of degree 3. */
function bernstein(t: number): readonly [number, number, number, number] {
  const s = 1 - t
  return [s * s * s, 3 * s * s * t, 3 * s * t * t, t * t * t]
}

/** Brings strokes to the size and place that MNIST's digits have, and gives them a pen. */
function ink(strokes: readonly (readonly Point[])[], random: RandomStream, side: number): InkPoint[][] {
  const radius = Math.max(HAND.radiusMin, HAND.radius + HAND.radiusSpread * random.normal())
  const points = strokes.flat()
  const box = { x: range(points.map(({ x }) => x)), y: range(points.map(({ y }) => y)) }
  const extent = Math.max(box.x.high - box.x.low, box.y.high - box.y.low)
  const scale = (HAND.size + HAND.sizeSpread * random.normal() - 2 * radius) / extent
  const centre = centreOfMass(strokes)
  const shift = (axis: 'x' | 'y'): number => {
    // MNIST rounds its centres of mass to the pixel right and below the middle.
    const wanted = side / 2 + HAND.shiftSpread * random.normal() - scale * centre[axis]
    const margin = radius + HAND.margin
    return Math.min(Math.max(wanted, margin - scale * box[axis].low), side - 1 - margin - scale * box[axis].high)
  }
  const shiftX = shift('x')
  const shiftY = shift('y')
  return strokes.map((stroke) => {
    const swell = wave(HAND.swellSpread, random)
    const pressure = wave(HAND.pressureSpread, random)
    const level = HAND.darkness + HAND.pressureSpread * random.normal()
    return stroke.map(({ x, y }, index) => {
      const t = (2 * index) / (stroke.length - 1) - 1
      return {
        x: scale * x + shiftX,
        y: scale * y + shiftY,
        radius: radius * (1 + swell(t) + HAND.tremorSpread * random.normal()),
        darkness: level + pressure(t),
      }
    })
  })
}

const range = (values: readonly number[]) => ({ low: Math.min(...values), high: Math.max(...values) })

/** A random parabola over −1..1. */
function wave(spread: number, random: RandomStream): (t: number) => number {
  const slope = spread * random.normal()
  const bow = spread * random.normal()
  return (t) => t * (slope + bow * t)
}

/** Of lines of one breadth: the middles of their pieces, weighed by length. */
function centreOfMass(strokes: readonly (readonly Point[])[]): Point {
  let mass = 0
  let x = 0
  let y = 0
  for (const stroke of strokes) {
    for (let index = 1; index < stroke.length; index++) {
      const a = stroke[index - 1]!
      const b = stroke[index]!
      const length = Math.sqrt((b.x - a.x) * (b.x - a.x) + (b.y - a.y) * (b.y - a.y))
      mass += length
      x += (length * (a.x + b.x)) / 2
      y += (length * (a.y + b.y)) / 2
    }
  }
  return { x: x / mass, y: y / mass }
}
