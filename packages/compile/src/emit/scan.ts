import type { ScanTask } from '../tasks.ts'
import { forRange, whileLoop } from '../wasm/control.ts'
import { i32 } from '../wasm/instructions.ts'
import type { Node } from '../wasm/node.ts'
import { type FunctionCaller, scalarArithmetic } from './arithmetic.ts'
import { type Addresses, Cursors } from './cursor.ts'
import { emitElement } from './element.ts'
import type { Phase } from './phase.ts'

/** Running sums, one after the other along the axis; turns are the outer loop. */
export function emitScan(task: ScanTask, addresses: Addresses, functions: FunctionCaller): Phase {
  const [outer, along, inner] = task.lengths
  return {
    turns: outer,
    grain: 1,
    build(f, begin, end) {
      const single = scalarArithmetic(functions)
      const { store, value, reverse, exclusive } = task
      const cursors = new Cursors(addresses, f)
      const counters = ['outer', 'along', 'inner'].map((name) => f.local('i32', name))
      const target = cursors.at(store.buffer, store.dtype, store.index)
      cursors.prepare(value)
      const total = f.local(single.type(store.dtype), 'total')
      const set = (node: Node) => total.set(node as Node<typeof total.type>)
      const element = emitElement(value, { f, cursors, counters, arithmetic: single, single, along: 0 })
      const write = single.store(store.dtype, target.local.get, target.offset, total.get)
      const add = set(single.apply('add', store.dtype, store.dtype, [total.get, element.value]))
      const [turn, step, column] = counters
      const position = reverse ? i32.sub(along - 1, step!) : step!.get
      const one = [
        ...cursors.start([
          [0, turn!.get],
          [1, position],
          [2, column!.get],
        ]),
        ...element.before,
        ...(exclusive ? [write, add] : [add, write]),
      ]
      return [
        turn!.set(begin),
        whileLoop(i32.lt_s(turn!, end), [
          forRange(column!, 0, inner, 1, [set(single.constant(store.dtype, 0)), forRange(step!, 0, along, 1, one)]),
          turn!.set(i32.add(turn!, 1)),
        ]),
      ]
    },
  }
}
