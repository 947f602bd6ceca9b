import type { Kernel } from '@cotangent/core'

/** Which axis of a tensor of images or filters is which. */
export interface ImageAxes {
  readonly n: number
  readonly c: number
  readonly h: number
  readonly w: number
}

/**
 * A 3×3 convolution of stride 1 by Winograd's F(4×4, 3×3) (Lavin and Gray, 2016): of the first input, images, with the second,
 * filters. `n` of the filters is the channel of the output, `c` that of the images.
 */
export interface WinogradImages {
  readonly family: 'winogradImages'
  readonly images: ImageAxes
  readonly filters: ImageAxes
  readonly out: ImageAxes
  /** The row and column of the images under the window's first element at its first place: minus the padding. */
  readonly start: readonly [number, number]
}

/** The gradient of such a convolution by its filters: of images, and of the output's cotangents. */
export interface WinogradFilters {
  readonly family: 'winogradFilters'
  readonly images: ImageAxes
  readonly cotangents: ImageAxes
  /** Of the result, as of filters: `n` is the channel of the cotangents. */
  readonly out: ImageAxes
  readonly start: readonly [number, number]
}

/**
 * The gradient by its filters of a convolution whose output is pooled by maxima of windows side by side: only places of maxima have
 * a cotangent. Inputs: the convolution's windows over images; of each pooling window the number of its first maximum, int32
 * [n, filter, row, column]; and the cotangents of these, alike.
 */
export interface PooledFilters {
  readonly family: 'pooledFilters'
  /** Which axis of the convolution's windows is which. */
  readonly windows: {
    readonly n: number
    readonly c: number
    readonly places: readonly [number, number]
    readonly taps: readonly [number, number]
  }
  /** Rows and columns of a pooling window. */
  readonly pool: readonly [number, number]
  /** Of the result, as of filters. */
  readonly out: ImageAxes
}

/** What a node of a plan may compute: a kernel of an operation, or what a rule made of several. */
export type PlanKernel = Kernel | WinogradImages | WinogradFilters | PooledFilters
