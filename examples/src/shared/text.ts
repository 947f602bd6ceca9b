/** 0.97061 as `97.06%`; a dash for what was not measured. */
export const percentText = (share: number | null): string => (share === null ? '-' : `${(100 * share).toFixed(2)}%`)

/** 60000 as `60,000`. */
export const countText = (count: number): string => `${count}`.replace(/\B(?=(\d{3})+$)/g, ',')

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

/** Seconds as on a clock, `0:42`, `1:05:00`: as wide from one second to the next. */
export function clockText(seconds: number): string {
  const whole = Math.ceil(seconds)
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60]
  const parts = hours > 0 ? [countText(hours), padded(minutes)] : [`${minutes}`]
  return [...parts, padded(whole % 60)].join(':')
}

const padded = (count: number): string => `${count}`.padStart(2, '0')

/** How often something happens, as `1,302/s`, `4.8/s`; what takes longer than a second, as `2.5 s each`. */
export function rateText(perSecond: number): string {
  if (perSecond < 1) return `${durationText(1 / perSecond)} each`
  return `${perSecond < 9.95 ? perSecond.toFixed(1) : countText(Math.round(perSecond))}/s`
}
