/** A point of a drawn line: where it is and half the line's width there, in pixels, and how dark the ink is, full from 1 on. */
export interface InkPoint {
  readonly x: number
  readonly y: number
  readonly radius: number
  readonly darkness: number
}

/**
 * Draws lines into the `side` × `side` bytes of `image` from `at` on, row-major; a pixel's centre has whole coordinates.
 * Across a line's outline its value falls smoothly, over `edge` pixels, from 255 times the line's darkness (at most 1) to
 * 0; where lines cross, the darker one counts.
 */
export function rasterize(
  lines: readonly (readonly InkPoint[])[],
  edge: number,
  image: Uint8Array,
  at: number,
  side: number,
): void {
  for (const line of lines) {
    for (let index = 1; index < line.length; index++) drawSegment(line[index - 1]!, line[index]!, edge, image, at, side)
  }
}

function drawSegment(a: InkPoint, b: InkPoint, edge: number, image: Uint8Array, at: number, side: number): void {
  const dx = b.x - a.x
  const dy = b.y - a.y
  // A pen that stands still leaves a dot.
  const inverse = 1 / Math.max(dx * dx + dy * dy, 1e-9)
  const reach = Math.max(a.radius, b.radius) + edge / 2
  const left = Math.max(0, Math.ceil(Math.min(a.x, b.x) - reach))
  const right = Math.min(side - 1, Math.floor(Math.max(a.x, b.x) + reach))
  const top = Math.max(0, Math.ceil(Math.min(a.y, b.y) - reach))
  const bottom = Math.min(side - 1, Math.floor(Math.max(a.y, b.y) + reach))
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const along = ((x - a.x) * dx + (y - a.y) * dy) * inverse
      const t = Math.max(0, Math.min(1, along))
      const offX = x - a.x - t * dx
      const offY = y - a.y - t * dy
      const square = offX * offX + offY * offY
      if (square >= reach * reach) continue
      const distance = Math.sqrt(square) - a.radius - t * (b.radius - a.radius)
      if (distance >= edge / 2) continue
      const inside = distance <= -edge / 2 ? 1 : 0.5 - distance / edge
      const coverage = inside * inside * (3 - 2 * inside)
      const darkness = Math.min(1, coverage * (a.darkness + t * (b.darkness - a.darkness)))
      const value = Math.floor(255 * darkness + 0.5)
      const pixel = at + y * side + x
      if (value > image[pixel]!) image[pixel] = value
    }
  }
}
