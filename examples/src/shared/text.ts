/** 0.97061 as `97.06%`; a dash for what was not measured. */
export const percentText = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(2)}%`)

/** 60000 as `60,000`. */
export const countText = (count: number): string => count.toLocaleString('en-US')

/** `1 image`, `2 images`. */
export const plural = (count: number, noun: string): string => `${countText(count)} ${noun}${count === 1 ? '' : 's'}`

/** A loss in at most seven characters. */
export const lossText = (loss: number): string =>
  loss < 1000 ? loss.toFixed(loss < 10 ? 4 : loss < 100 ? 3 : 2) : loss.toExponential(1)

/** Seconds as people say them: `42 s`, `1 min 34 s`, `2 h 5 min`. */
export function durationText(seconds: number): string {
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`
  const whole = Math.round(seconds)
  if (whole < 60) return `${whole} s`
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s`
  const minutes = Math.round(whole / 60)
  return `${countText(Math.floor(minutes / 60))} h ${minutes % 60} min`
}
