import { MnistError } from './errors.ts'
import { briefShape, readIdx } from './idx.ts'
import { CLASSES, type LabelledImages, type Presentation, present, SIDE } from './present.ts'
import { type FileContent, readMnistFiles, type SourceOptions } from './source.ts'

/** Where `loadMnist` finds the data, and how it gives them. */
export interface LoadMnistOptions<Normalize extends boolean = boolean, OneHot extends boolean = boolean>
  extends SourceOptions,
    Presentation<Normalize, OneHot> {}

/** Of MNIST itself, 60,000 images to train on and 10,000 to test with. */
export interface Mnist<Normalize extends boolean = true, OneHot extends boolean = false> {
  readonly train: LabelledImages<Normalize, OneHot>
  readonly test: LabelledImages<Normalize, OneHot>
}

/**
 * MNIST, or another data set in its four files, such as Fashion-MNIST.
 *
 * The files come from the folder `dir`, else from the one that the environment's `MNIST_DIR` names; if neither is given,
 * from the user's cache folder, and what is missing there is downloaded into it, over HTTPS and checked by SHA-256. A
 * folder that is given but lacks a file is an error. A cache that cannot be written is told in one line (see
 * {@link SourceOptions.onNotice}), and the data is used all the same.
 *
 * @throws MnistError for a folder without the files, a damaged gzip stream, images that are not uint8 of 28 × 28, counts
 * that differ, a label above 9, a mirror that sends other bytes or is not HTTPS.
 * @throws MnistUnreachableError when the data is nowhere on this machine and the mirror cannot be reached.
 * @throws IdxError for a damaged header, or a payload of another length than the header says.
 * @example
 * const { train, test } = await loadMnist()
 * train.images.shape // [60000, 784]
 * test.labels.dtype // 'int32'
 */
export async function loadMnist<Normalize extends boolean = true, OneHot extends boolean = false>(
  options: LoadMnistOptions<Normalize, OneHot> = {},
): Promise<Mnist<Normalize, OneHot>> {
  const [trainImages, trainLabels, testImages, testLabels] = await readMnistFiles(options)
  const split = (images: FileContent, labels: FileContent) => {
    const pixels = readImages(images)
    const digits = readLabels(labels)
    if (pixels.count !== digits.length) {
      throw new MnistError(
        `${images.name} has ${pixels.count} images but ${labels.name} has ${digits.length} labels; take both from the same data set`,
      )
    }
    return present(pixels.bytes, digits, options)
  }
  return { train: split(trainImages, trainLabels), test: split(testImages, testLabels) }
}

function readImages({ name, bytes }: FileContent): { count: number; bytes: Uint8Array } {
  const { type, shape, payload } = readIdx(bytes, name)
  const [count, rows, columns] = shape
  if (type.name !== 'uint8' || shape.length !== 3 || count === undefined || rows !== SIDE || columns !== SIDE) {
    throw new MnistError(
      `${name}: it holds ${type.name} of shape ${briefShape(shape)}, but MNIST images are uint8 of shape [N, ${SIDE}, ${SIDE}]; is it another file?`,
    )
  }
  if (count === 0) throw new MnistError(`${name}: it holds no images; get the file again`)
  return { count, bytes: new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength) }
}

function readLabels({ name, bytes }: FileContent): Int32Array {
  const { type, shape, payload } = readIdx(bytes, name)
  if (type.name !== 'uint8' || shape.length !== 1) {
    throw new MnistError(
      `${name}: it holds ${type.name} of shape ${briefShape(shape)}, but MNIST labels are uint8 of shape [N]; is it another file?`,
    )
  }
  const digits = Int32Array.from(new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength))
  const wrong = digits.findIndex((digit) => digit >= CLASSES)
  if (wrong >= 0) {
    throw new MnistError(
      `${name}: label ${wrong} (counted from 0) is ${digits[wrong]}, but MNIST labels are digits from 0 to 9; get the file again`,
    )
  }
  return digits
}
