import type { Tensor } from '@cotangent/core'
import { valueAndGrad } from '@cotangent/core'
import {
  chain,
  deepConvNet,
  init,
  input,
  type Layer,
  layer,
  multiLayerNet,
  type Net,
  netFromJSON,
  simpleConvNet,
  twoLayerNet,
} from '@cotangent/models'
import { mul } from '@cotangent/ops'

// Checked by the compiler alone: what holds compiles, what must not carries @ts-expect-error. The sentences themselves are
// compared in messages.test.ts.

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
/** `expectType<T>()(value)` compiles when the type of `value` is exactly T. */
const expectType =
  <Expected>() =>
  <Actual>(_value: Actual, ..._same: Same<Actual, Expected> extends true ? [] : [never]): void => {}

// Convolution and pooling arithmetic: ⌊(n + 2 pad − dilation (kernel − 1) − 1) / stride⌋ + 1.
const mnist = chain(input([1, 28, 28]), layer.conv2d({ filters: 30, kernel: 5 }), layer.relu(), layer.maxPool2d(2))
expectType<Net<[1, 28, 28], [30, 12, 12]>>()(mnist)
expectType<Net<[3, 224, 224], [64, 112, 112]>>()(
  chain(input([3, 224, 224]), layer.conv2d({ filters: 64, kernel: 7, stride: 2, pad: 3 })),
)
expectType<Net<[3, 32, 32], [8, 28, 28]>>()(
  chain(input([3, 32, 32]), layer.conv2d({ filters: 8, kernel: 3, dilation: 2 })),
)
expectType<Net<[3, 9, 20], [8, 4, 7]>>()(
  chain(input([3, 9, 20]), layer.conv2d({ filters: 8, kernel: [3, 5], stride: [2, 3], pad: [0, 2] })),
)
expectType<Net<[3, 9, 9], [8, 7, 1]>>()(
  chain(input([3, 9, 9]), layer.conv2d({ filters: 8, kernel: 3, dilation: [1, 4] })),
)
expectType<Net<[4, 11, 11], [4, 6, 6]>>()(chain(input([4, 11, 11]), layer.maxPool2d(3, { stride: 2, pad: 1 })))
expectType<Net<[4, 11, 10], [4, 5, 2]>>()(chain(input([4, 11, 10]), layer.avgPool2d([2, 5])))
expectType<Net<[4, 1000, 1000], [4, 76, 76]>>()(chain(input([4, 1000, 1000]), layer.avgPool2d(13)))
expectType<Net<[512, 7, 7], [512]>>()(chain(input([512, 7, 7]), layer.globalAvgPool()))
expectType<Net<[3, 224, 224], [150528]>>()(chain(input([3, 224, 224]), layer.flatten()))
expectType<Net<[10, 10, 10], [1000]>>()(chain(input([10, 10, 10]), layer.flatten()))
expectType<Net<[7], [1]>>()(chain(input([7]), layer.flatten(), layer.dense(1)))
expectType<Net<[1, 5, 5], [2, 1, 1]>>()(chain(input([1, 5, 5]), layer.conv2d({ filters: 2, kernel: 5 })))
expectType<Net<[5, 8], [5, 8]>>()(chain(input([5, 8])))

// The same in a net's other ways to be made.
expectType<Net<[784], [10]>>()(twoLayerNet())
expectType<Net<[64], [3]>>()(twoLayerNet({ inputSize: 64, hiddenSize: 7, outputSize: 3 }))
expectType<Net<[784], [2]>>()(multiLayerNet({ hiddenSizes: [5, 6], outputSize: 2, batchNorm: true }))
expectType<Net<[1, 28, 28], [10]>>()(simpleConvNet())
expectType<Net<[3, 32, 32], [100]>>()(simpleConvNet({ inputShape: [3, 32, 32], outputSize: 100 }))
expectType<Net<[1, 28, 28], [10]>>()(deepConvNet())
expectType<Net<[784], [10]>>()(twoLayerNet().withWeightDecay(0.1))
expectType<Net>()(netFromJSON({}))
const held: Net = twoLayerNet()

// The first layer that does not fit is the error, on its own line.
chain(
  input([1, 28, 28]),
  layer.conv2d({ filters: 30, kernel: 5 }),
  // @ts-expect-error dense on an image
  layer.dense(100),
  layer.dense(10),
)
// @ts-expect-error a convolution on a flat input
chain(input([784]), layer.conv2d({ filters: 30, kernel: 5 }))
// @ts-expect-error a pooling on a flat input
chain(input([784]), layer.maxPool2d(2))
// @ts-expect-error a global pooling on a flat input
chain(input([784]), layer.globalAvgPool())
// @ts-expect-error a kernel larger than its input
chain(input([1, 4, 4]), layer.conv2d({ filters: 8, kernel: 7 }))
// @ts-expect-error a kernel wider than its input, padded
chain(input([1, 40, 4]), layer.conv2d({ filters: 8, kernel: [3, 7], pad: 1 }))
// @ts-expect-error a dilated kernel larger than its input
chain(input([1, 6, 6]), layer.conv2d({ filters: 8, kernel: 3, dilation: 3 }))
// @ts-expect-error a window larger than its input
chain(input([1, 4, 4]), layer.maxPool2d(2), layer.avgPool2d(3))
// A layer held in a variable keeps its literals.
const wide = layer.conv2d({ filters: 3, kernel: 9 })
// @ts-expect-error a kernel larger than its input
chain(input([1, 8, 8]), wide)

// Nets inside nets.
const head = chain(input([50]), layer.relu(), layer.dense(10))
expectType<Net<[784], [10]>>()(chain(input([784]), layer.dense(50), head))
// @ts-expect-error two nets that do not fit together
chain(input([784]), layer.dense(100), head)
// Any net may be used where its shapes are not known; what follows is checked at run time.
expectType<Net<[784], readonly number[]>>()(chain(input([784]), held))

// Residuals and branches.
const same = layer.conv2d({ filters: 8, kernel: 3, pad: 1 })
expectType<Net<[8, 6, 6], [8, 6, 6]>>()(
  chain(input([8, 6, 6]), layer.residual(same, layer.batchNorm(), layer.relu(), same)),
)
// @ts-expect-error layers that change the shape
chain(input([4, 6, 6]), layer.residual(same))
// @ts-expect-error a layer inside that does not fit
chain(input([784]), layer.residual(same))
const down = layer.conv2d({ filters: 16, kernel: 3, stride: 2, pad: 1 })
const shortcut = layer.conv2d({ filters: 16, kernel: 1, stride: 2 })
expectType<Net<[8, 6, 6], [16, 3, 3]>>()(
  chain(input([8, 6, 6]), layer.branches('add', [down, layer.relu()], [shortcut])),
)
expectType<Net<[8, 6, 6], [24, 6, 6]>>()(
  chain(input([8, 6, 6]), layer.branches('concat', [same, layer.relu()], [same], [])),
)
// @ts-expect-error branches that cannot be added
chain(input([8, 6, 6]), layer.branches('add', [same], [down]))
// @ts-expect-error branches that cannot be joined
chain(input([8, 6, 6]), layer.branches('concat', [same], [down]))
// @ts-expect-error a layer inside that does not fit
chain(input([784]), layer.branches('concat', [], [down]))

// Sizes known only as numbers are left to run time; those beside them are still checked.
declare const some: number
expectType<Net<[1, number, 28], [4, number, 24]>>()(
  chain(input([1, some, 28]), layer.conv2d({ filters: 4, kernel: 5 })),
)
expectType<Net<[1, number, 28], [10]>>()(chain(input([1, some, 28]), layer.flatten(), layer.dense(10)))
expectType<Net<[3, 9, 9], [number, 7, 7]>>()(chain(input([3, 9, 9]), layer.conv2d({ filters: some, kernel: 3 })))
// @ts-expect-error the kernel is wider than the size that is known
chain(input([1, some, 4]), layer.conv2d({ filters: 4, kernel: 5 }))
declare const unknownLayers: readonly Layer[]
expectType<Net<[784], [10]>>()(chain(input([784]), ...unknownLayers, layer.dense(10)))
declare const unknownShape: readonly number[]
expectType<Net<number[], [10]>>()(chain(input(unknownShape), layer.dense(50), layer.dense(10)))

// Layers of the user's own.
const swish = layer.define({
  name: 'swish',
  options: ({ beta = 1 }: { beta?: number } = {}) => ({ beta }),
  parameters: (shape) => ({ scale: { shape, initializer: init.ones() } }),
  apply(x, { options, params }) {
    expectType<{ beta: number }>()(options)
    expectType<Tensor>()(params.scale)
    // @ts-expect-error there is no such parameter
    params.shift
    return mul(mul(x, params.scale), options.beta)
  },
})
expectType<Net<[5], [2]>>()(chain(input([5]), swish(), swish({ beta: 2 }), layer.dense(2)))
// @ts-expect-error not an option
swish({ gamma: 2 })
const counted = layer.define({
  name: 'counted',
  output: ([count = 0]) => [count, 3],
  state: () => ({ calls: { shape: [], initializer: init.zeros() } }),
  apply: (x, { state: { calls } }) => [mul(x, 1), { calls }],
})
expectType<Net<[5], [number, 3]>>()(chain(input([5]), counted()))
// @ts-expect-error dense on an input that is not flat
chain(input([5]), counted(), layer.dense(2))

// What a net's functions take and give.
const net = twoLayerNet()
declare const x: Tensor
declare const t: Tensor<'int32'>
declare const key: Tensor<'key'>
const [params, state] = net.init(key)
const [[loss, next], gradients] = valueAndGrad(net.loss, { hasAux: true })(params, state, x, t, { training: true, key })
expectType<Tensor>()(loss)
expectType<typeof state>()(next)
expectType<Tensor>()(net.predict(params, state, x))
expectType<Tensor>()(net.accuracy(params, next, x, t))
gradients.dense1
