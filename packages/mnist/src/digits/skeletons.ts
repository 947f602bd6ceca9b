/** A point that the pen passes: x to the right, y down, the digit 1 high and its middle at (0.5, 0.5). */
interface Anchor {
  readonly x: number
  readonly y: number
  /** The line breaks here; otherwise it runs smoothly through. */
  readonly corner: boolean
}

/** What is written without lifting the pen, in the order of writing. */
export type Stroke = readonly Anchor[]

/** One way of writing a digit, and how often it is chosen against the others of the same digit. */
export interface Skeleton {
  readonly weight: number
  readonly strokes: readonly Stroke[]
}

/** Each stroke as its anchors x,y in hundredths; a star marks a corner. */
const written = (weight: number, ...strokes: readonly string[]): Skeleton => ({ weight, strokes: strokes.map(anchors) })

const anchors = (stroke: string): Stroke =>
  stroke.split(' ').map((anchor) => {
    const [x, y] = anchor.split(',')
    return { x: Number.parseInt(x!, 10) / 100, y: Number.parseInt(y!, 10) / 100, corner: anchor.endsWith('*') }
  })

const zero: readonly Skeleton[] = [
  // Closed at the top.
  written(4, '55,1 32,12 20,48 30,86 50,98 71,85 80,50 72,15 50,2'),
  // The end passes the beginning and curls into the oval.
  written(2, '58,6 36,8 21,42 28,82 49,98 72,82 79,46 68,12 50,3 38,14 40,24'),
  // Left open at the top right.
  written(1, '66,10 44,3 24,30 22,68 40,95 64,92 80,60 78,28 62,2'),
  // Clockwise, from the left.
  written(1, '28,26 46,3 70,12 80,46 70,86 46,98 24,80 20,44 34,10'),
]

const one: readonly Skeleton[] = [
  // A single line.
  written(8, '50,0 50,50 50,100'),
  // With an upstroke.
  written(2, '30,26 42,14 53,0* 52,50 51,100'),
  // With an upstroke and a foot.
  written(1, '36,15 44,10 52,1* 52,50 51,98', '28,99 52,98 76,97'),
]

const two: readonly Skeleton[] = [
  // A straight foot.
  written(4, '22,24 35,6 55,1 74,13 74,34 58,58 38,80 20,97* 50,95 84,95'),
  // A loop before the foot.
  written(3, '26,18 44,2 68,7 74,28 62,56 44,80 26,95 15,88 24,77 44,84 62,95 85,90'),
  // A foot that swings up.
  written(2, '20,14 42,3 66,6 74,22 60,48 40,70 22,90* 42,86 62,95 86,84'),
  // Like a z, with a flat head.
  written(2, '18,8 42,6 70,6 74,18 56,46 36,72 18,95* 50,96 86,94'),
  // A wide loop, and a foot that falls away.
  written(2, '30,20 48,3 70,12 66,40 46,72 24,94 8,88 14,73 40,74 66,90 94,98'),
]

const three: readonly Skeleton[] = [
  // Two bows that meet in a corner.
  written(4, '24,14 46,0 70,8 70,28 44,46* 70,54 79,76 60,96 36,98 20,86'),
  // A flat head.
  written(2, '22,4 48,4 74,3* 58,22 42,40* 68,46 79,70 62,94 36,98 18,88'),
  // A small loop between the bows.
  written(2, '24,10 48,0 70,10 66,30 46,47 36,46 44,40 66,50 78,72 62,94 36,98 20,88'),
  // The bows run into each other.
  written(1, '26,8 50,1 70,14 60,36 52,46 64,54 74,74 58,96 30,97 16,90'),
]

const four: readonly Skeleton[] = [
  // Open, in two strokes.
  written(4, '28,4 24,30 23,52* 50,54 82,50', '70,4 66,50 62,100'),
  // Closed: from the top to the left, across, and the upright.
  written(2, '62,2 42,30 20,62* 50,62 84,60', '63,2 62,50 60,100'),
  // Open, round, without lifting the pen.
  written(3, '28,6 21,30 26,49 46,50 62,36 72,6* 65,50 58,100'),
  // The upright is short and begins at the cross stroke's height.
  written(1, '36,0 26,30 16,56* 50,58 88,54', '60,26 57,60 54,100'),
]

const five: readonly Skeleton[] = [
  // The head last.
  written(4, '34,5 31,24 27,44* 50,38 74,50 78,74 60,96 36,98 18,88', '34,4 56,4 84,1'),
  // In one stroke from the right.
  written(2, '82,2 58,4 36,6* 32,26 30,44* 52,42 73,54 75,78 56,97 32,98 18,90'),
  // Round, like an s.
  written(2, '78,6 54,2 35,12 33,32 50,45 68,58 70,80 52,96 22,94'),
  // A narrow bow under a long head.
  written(1, '36,8 34,28 32,46* 48,44 62,60 60,82 42,98 20,96', '36,7 60,5 92,2'),
]

const six: readonly Skeleton[] = [
  // Curved.
  written(4, '68,2 45,17 29,42 22,70 35,94 58,96 75,78 66,59 46,57 27,74'),
  // A straight back and a small loop.
  written(3, '56,0 40,30 28,60 28,86 46,98 66,88 70,70 54,62 36,74 31,84'),
  // The loop is wide and ends within.
  written(2, '60,3 36,20 20,54 26,86 50,98 76,86 80,64 62,50 42,60 36,78'),
  // The loop stays open.
  written(1, '62,0 40,22 25,56 32,88 54,97 72,80 62,64 42,68'),
  // A low, broad loop.
  written(2, '44,0 28,30 17,66 30,94 62,97 86,78 76,58 52,63 40,88'),
]

const seven: readonly Skeleton[] = [
  // A flat head and a straight stem.
  written(4, '18,8 50,6 82,4* 62,42 48,70 40,100'),
  // With a bar.
  written(2, '18,6 50,6 82,5* 62,42 48,70 40,100', '34,53 54,50 78,48'),
  // With a serif.
  written(2, '20,24 21,14 24,5* 52,6 82,5* 66,38 56,68 52,100'),
  // A round shoulder.
  written(2, '20,14 36,5 58,6 76,8 76,26 62,52 50,76 44,100'),
  // A stem that bends.
  written(1, '16,10 46,8 80,6* 56,32 48,62 50,100'),
  // A wide bar across a bent stem.
  written(1, '20,10 46,4 76,3* 62,34 46,70 46,100', '18,54 50,50 92,44'),
]

const eight: readonly Skeleton[] = [
  // An s, and back up.
  written(5, '70,14 50,2 31,13 35,33 54,48 71,66 69,88 49,98 28,88 29,68 48,49 67,33 70,12'),
  // The loops do not close at the top.
  written(2, '66,20 52,5 34,12 34,30 52,46 70,66 66,90 44,98 28,84 36,62 56,42 76,14'),
  // One ring on the other.
  written(2, '52,2 33,12 36,36 52,45 67,34 68,12 48,2', '52,46 28,60 29,88 50,98 72,86 72,60 48,46'),
  // Begun in the middle.
  written(2, '52,48 34,30 40,6 60,4 68,22 54,44 32,66 30,90 50,99 70,86 68,64 50,46'),
  // Slanted loops of different size, the ends crossing.
  written(4, '84,10 58,2 29,13 34,35 55,50 63,73 47,97 25,90 30,69 55,46 78,26 85,6'),
]

const nine: readonly Skeleton[] = [
  // A ring and a straight stem.
  written(4, '74,12 54,1 30,14 25,37 44,48 66,35 75,10* 72,52 67,100'),
  // A stem that curls to the left.
  written(3, '72,16 54,2 30,12 26,34 44,46 68,34 74,18 76,50 70,82 50,97 26,90'),
  // A small ring and a slanted stem.
  written(3, '68,10 50,2 32,16 32,36 48,42 64,28 69,8* 60,50 44,100'),
  // A ring that stays open.
  written(1, '64,6 42,8 28,28 38,46 60,38 74,12* 74,54 66,100'),
  // A flat, broad ring.
  written(3, '72,16 50,3 20,20 26,40 52,38 76,10* 66,54 58,100'),
]

/** How each digit from 0 to 9 is written. */
export const SKELETONS = [zero, one, two, three, four, five, six, seven, eight, nine] as const
