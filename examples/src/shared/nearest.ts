/** The name that a mistyped word most likely means; nothing where none is near. */
export function nearestOf(word: string, names: readonly string[]): string | undefined {
  const [nearest] = names
    .map((name) => ({ name, edits: editsBetween(word.toLowerCase(), name.toLowerCase()) }))
    .filter(({ name, edits }) => edits <= Math.min(3, Math.floor(Math.max(word.length, name.length) * FAR)))
    .toSorted((a, b) => a.edits - b.edits)
  return nearest?.name
}

/** The share of letters that may differ. */
const FAR = 0.4

/** The fewest letters to add, drop, replace or swap with their neighbour, each letter once: optimal string alignment. */
function editsBetween(a: string, b: string): number {
  // The rows of the table before the last, the last, and the one being made: of b's beginnings, for one beginning of a.
  let before: readonly number[] = []
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let at = 1; at <= b.length; at++) {
      const replaced = last[at - 1]! + (a[row - 1] === b[at - 1] ? 0 : 1)
      const swapped = row > 1 && at > 1 && a[row - 1] === b[at - 2] && a[row - 2] === b[at - 1]
      next.push(
        Math.min(replaced, last[at]! + 1, next[at - 1]! + 1, swapped ? before[at - 2]! + 1 : Number.POSITIVE_INFINITY),
      )
    }
    ;[before, last] = [last, next]
  }
  return last[b.length]!
}
