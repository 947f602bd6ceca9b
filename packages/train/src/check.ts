import { ValueError } from '@cotangent/core'

/** @throws ValueError unless `value` is a finite number from 0 up. */
export function checkFromZero(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY))
    throw new ValueError(`${name}: ${option} is ${value}; give a finite number from 0 up`)
}

/** @throws ValueError unless `value` is in [0, 1), as the share that a running average keeps must be. */
export function checkShare(name: string, option: string, value: number): void {
  if (!(value >= 0 && value < 1)) throw new ValueError(`${name}: ${option} is ${value}; give a number in [0, 1)`)
}

/** @throws ValueError unless `value` is a whole number from 1 up. */
export function checkCount(name: string, option: string, value: number): void {
  if (!(Number.isSafeInteger(value) && value >= 1))
    throw new ValueError(`${name}: ${option} is ${value}; give a whole number from 1 up`)
}
