import { type DType, definePrimitive, type Operation, type Shape, type Tensor, type View } from '@cotangent/core'

/** What `view` shows of `x`; the shape of `x` is `view.source`. */
export const viewOf = <D extends DType>(x: Tensor<D>, view: View): Tensor<D> =>
  look(x, { view }) as unknown as Tensor<D>

/** The transpose of {@link viewOf}: each element of `x` added to where the view saw it, in a source of zeros. */
export const scatterViewOf = <D extends DType>(x: Tensor<D>, view: View): Tensor<D> =>
  scatter(x, { view }) as unknown as Tensor<D>

interface ViewOptions {
  readonly view: View
}

const look: Operation<ViewOptions> = definePrimitive<ViewOptions>({
  name: 'view',
  shape: (_, { view }): Shape => view.shape,
  kernel: (_, { view }) => ({ family: 'view', view }),
  vjp: [(g, _, __, { view }) => scatter(g, { view })],
})

const scatter: Operation<ViewOptions> = definePrimitive<ViewOptions>({
  name: 'scatterView',
  shape: (_, { view }): Shape => view.source,
  kernel: (_, { view }) => ({ family: 'scatterView', view }),
  // Padding gets nothing back: outside the source the pulled-back view reads 0.
  vjp: [(g, _, __, { view }) => look(g, { view: { ...view, fill: 0 } })],
})
