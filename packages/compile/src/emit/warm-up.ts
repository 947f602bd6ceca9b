import { padded } from '../panels.ts'
import { bytesOf } from '../value.ts'
import { call, forRange } from '../wasm/control.ts'
import { i32 } from '../wasm/instructions.ts'
import type { WasmModule } from '../wasm/module.ts'
import { type MicroKernel, microKernelsIn } from './micro-kernel.ts'

/** Memory that a program may write to before its first run. */
export interface WarmUpPlace {
  readonly address: number
  readonly bytes: number
}

/** How many calls, over so many k, make an engine optimise a function: V8 asks for some 200. */
const CALLS = 200
const DEPTH = 16

/**
 * The function that calls each micro-kernel of a module on whatever lies at a place, some hundred times. An engine first makes slow
 * code of everything, and better code of what it sees called often, in the background: the first step then finds that sooner. On
 * Node 20 that of DeepConvNet takes 118 ms instead of 136, and that of SimpleConvNet 30 instead of 33, for 2 ms before it.
 */
export function defineWarmUp(module: WasmModule, { address, bytes }: WarmUpPlace): void {
  const kernels = microKernelsIn(module).filter(({ kernel }) => reachOf(kernel) <= bytes)
  module.func('warm', { export: true }, (_, f) => {
    const time = f.local('i32', 'time')
    const place = i32.const(address)
    return kernels.map(({ kernel, func }) => {
      const end = i32.const(address + DEPTH * kernel.bStep)
      return forRange(time, 0, CALLS, 1, [call(func, { a: place, b: place, end, c: place, first: i32.const(1) })])
    })
  })
}

/** How many bytes from its operands on a micro-kernel touches over so few k; endless where it would also go backwards. */
function reachOf({ dtype, rows, columns, aRow, aStep, bStep, cRow, cColumn, between }: MicroKernel): number {
  const steps = [aRow, aStep, bStep, cRow, cColumn, between?.aJump ?? 0, between?.bJump ?? 0]
  if (steps.some((step) => step < 0)) return Number.POSITIVE_INFINITY
  const turns = between?.turns ?? 1
  const vector = padded(columns, dtype) * bytesOf(dtype)
  return (
    Math.max(
      rows * aRow + turns * (DEPTH * aStep + (between?.aJump ?? 0)),
      vector + turns * (DEPTH * bStep + (between?.bJump ?? 0)),
      rows * cRow + vector + columns * cColumn,
    ) + 16
  )
}
