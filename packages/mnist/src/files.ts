/** One file of the data set, as it is once decompressed. */
export interface MnistFile {
  readonly name: string
  readonly bytes: number
  readonly sha256: string
}

/** One of something for each of the four files. */
export type PerFile<T> = readonly [trainImages: T, trainLabels: T, testImages: T, testLabels: T]

/** The MNIST database (Y. LeCun, C. Cortes, C. J. C. Burges; CC BY-SA 3.0). */
export const MNIST_FILES: PerFile<MnistFile> = [
  {
    name: 'train-images-idx3-ubyte',
    bytes: 47_040_016,
    sha256: 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
  },
  {
    name: 'train-labels-idx1-ubyte',
    bytes: 60_008,
    sha256: '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
  },
  {
    name: 't10k-images-idx3-ubyte',
    bytes: 7_840_016,
    sha256: '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
  },
  {
    name: 't10k-labels-idx1-ubyte',
    bytes: 10_008,
    sha256: 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2',
  },
]

/** The public mirror; it adds `.gz` to the names. */
export const MNIST_MIRROR = 'https://ossci-datasets.s3.amazonaws.com/mnist/'

export function perFile<T, U>(
  [trainImages, trainLabels, testImages, testLabels]: PerFile<T>,
  f: (one: T) => U,
): PerFile<U> {
  return [f(trainImages), f(trainLabels), f(testImages), f(testLabels)]
}
