import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { expect, test } from 'vitest'
import { assembled } from './assembler.ts'
import { drop, forRange, ifValue, sequence } from './control.ts'
import { webAssembly } from './engine.ts'
import { features } from './features.ts'
import { i32, memory } from './instructions.ts'
import { WasmModule } from './module.ts'

const limits = { initial: 1, maximum: 1, shared: true }
const [counter, arrived, open] = [0, 64, 128]
const opener = 3
const patience = 5_000_000_000n

/**
 * Two threads meet at a gate, then both add to one counter: `add` gives `opener` to the later one, to the other how its wait
 * ended.
 */
function meeting(): WasmModule {
  const module = new WasmModule('meeting')
  module.importMemory('env', 'memory', limits)
  module.func('add', { params: { times: 'i32' }, result: 'i32', export: true }, ({ times }, f) => {
    const i = f.local('i32', 'i')
    const outcome = f.local('i32', 'outcome')
    const openGate = [i32.atomic.store(open, 1), drop(memory.atomic.notify(open, 1))]
    return sequence(
      [
        outcome.set(
          ifValue(
            i32.atomic.rmw.add(arrived, 1),
            sequence(openGate, i32.const(opener)),
            memory.atomic.wait32(open, 0, patience),
          ),
        ),
        forRange(i, 0, times, 1, drop(i32.atomic.rmw.add(counter, 1))),
      ],
      outcome,
    )
  })
  return module
}

const workerSource = `
  const { parentPort, workerData: { module, memory, times } } = require('node:worker_threads')
  const { exports } = new WebAssembly.Instance(module, { env: { memory } })
  parentPort.postMessage(exports.add(times))
`

test('two threads meet and count on one shared memory', async () => {
  const bytes = meeting().encode({ names: false })
  expect(bytes).toEqual(assembled(meeting()))
  const module = new webAssembly.Module(bytes)
  const memory = new webAssembly.Memory(limits)
  const times = 100_000
  const workers = [0, 1].map(() => new Worker(workerSource, { eval: true, workerData: { module, memory, times } }))
  const outcomes = (await Promise.all(workers.map((worker) => once(worker, 'message')))).flat()
  expect(outcomes).toContain(opener)
  // 0: woken; 1: the gate was open already. 2 would be: waited in vain.
  expect([0, 1]).toContain(outcomes.find((outcome) => outcome !== opener))
  expect(new Int32Array(memory.buffer)[counter]).toBe(2 * times)
})

test('the features are found out once', () => {
  expect(features()).toEqual({ simd: true, threads: true, relaxedSimd: expect.any(Boolean) })
  expect(features()).toBe(features())
})
