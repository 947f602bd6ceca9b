import { createHash } from 'node:crypto'
import { type Tensor, tensor } from '@cotangent/core'
import type { EpochHistory, Reached, Snapshot, TrainingRecord, TrainState } from '@cotangent/train'
import { FormatError } from '../errors.ts'
import { isRecord, repeatedKey } from '../json.ts'
import { decodeFrom } from '../safetensors/decode.ts'
import { encodeSafetensors } from '../safetensors/encode.ts'
import { loadTree, type NamedTensors } from '../tree.ts'

/** What the tensors file of a checkpoint holds beside the state: the loss of each iteration, float64. */
const LOSSES = 'losses'

/** What stands beside the tensors of a checkpoint, as JSON. */
export interface CheckpointDescription {
  readonly format: typeof FORMAT
  readonly version: typeof VERSION
  readonly position: {
    readonly iteration: number
    readonly epoch: number
    readonly count: number
    readonly batchSize: number
    /** The two words of the key. */
    readonly orderKey: readonly number[]
  }
  /** Of each epoch, from the first; the losses themselves are among the tensors. */
  readonly history: readonly {
    readonly iterations: number
    readonly trainAccuracy: number | null
    readonly testAccuracy: number | null
  }[]
  /** Their states are those of the checkpoints of their iterations. */
  readonly best: (Kept & { readonly accuracy: number }) | null
  readonly snapshots: readonly Kept[]
  /** What decides the bits of the steps, beside the configuration: the engine, and the compiler's choices. */
  readonly choices: Readonly<Record<string, unknown>>
  /** Of the file of tensors. */
  readonly sha256: string
}

interface Kept {
  readonly epoch: number
  readonly iteration: number
}

const FORMAT = 'cotangent checkpoint'
const VERSION = 1

/** The two files of a checkpoint. */
export function encodeCheckpoint(
  { state, record }: Reached<unknown, unknown>,
  choices: CheckpointDescription['choices'],
): { readonly tensors: Uint8Array; readonly description: Uint8Array } {
  const { position, history, best, snapshots } = record
  const losses = new Float64Array(history.flatMap((one) => one.losses))
  const tensors = encodeSafetensors({ ...state, [LOSSES]: tensor(losses, { adopt: true }) })
  const kept = ({ epoch, iteration }: Snapshot<unknown, unknown>): Kept => ({ epoch, iteration })
  const description: CheckpointDescription = {
    format: FORMAT,
    version: VERSION,
    position: { ...position, orderKey: [...position.orderKey.data] },
    history: history.map(({ losses, trainAccuracy, testAccuracy }) => ({
      iterations: losses.length,
      trainAccuracy,
      testAccuracy,
    })),
    best: best && { ...kept(best), accuracy: best.accuracy },
    snapshots: snapshots.map(kept),
    choices,
    sha256: sha256(tensors),
  }
  return { tensors, description: new TextEncoder().encode(`${JSON.stringify(description)}\n`) }
}

/**
 * The description in a checkpoint's JSON file.
 *
 * @throws FormatError for bytes that {@link encodeCheckpoint} did not write.
 */
export function descriptionFrom(path: string, bytes: Uint8Array): CheckpointDescription {
  const text = new TextDecoder().decode(bytes)
  let found: unknown
  try {
    found = JSON.parse(text)
  } catch {
    throw new FormatError(`${path}: this is not JSON; the file is damaged`)
  }
  if (!isRecord(found) || found.format !== FORMAT || repeatedKey(text) !== undefined || !isDescription(found))
    throw new FormatError(`${path}: this does not describe a checkpoint; the file is damaged`)
  if (found.version !== VERSION) {
    throw new FormatError(
      `${path}: this checkpoint has version ${found.version}, but only version ${VERSION} can be read; open it with the release that wrote it`,
    )
  }
  return found
}

/**
 * The tensors of a checkpoint's other file.
 *
 * @throws FormatError where they are not those that were described.
 */
export function tensorsFrom(
  path: string,
  bytes: Uint8Array,
  { sha256: expected, position }: CheckpointDescription,
): NamedTensors {
  if (sha256(bytes) !== expected)
    throw new FormatError(`${path}: this is not what was written (its SHA-256 is another); the file is damaged`)
  const { tensors } = decodeFrom(path, bytes)
  if (tensors[LOSSES]?.size !== position.iteration)
    throw new FormatError(`${path}: there is not one loss for each of ${position.iteration} iterations`)
  return tensors
}

/**
 * The parts of a checkpoint's state that `like` has, in its structure.
 *
 * @throws ValueError, DTypeError or ShapeError where they are unlike it.
 */
export function stateFrom<T extends object>(tensors: NamedTensors, like: T): T {
  const parts = Object.keys(like)
  const wanted = Object.entries(tensors).filter(([name]) => parts.includes(name.split('.', 1).join()))
  return loadTree(like, Object.fromEntries(wanted))
}

/** The record that a checkpoint describes, with the states that `stateAt` gives for other checkpoints' iterations. */
export async function recordFrom<P, S>(
  { position, history, best, snapshots }: CheckpointDescription,
  tensors: NamedTensors,
  stateAt: (iteration: number) => Promise<TrainState<P, S> | null>,
): Promise<TrainingRecord<P, S>> {
  // A checkpoint is written with it.
  const losses = [...tensors[LOSSES]!.data]
  const withState = async <K extends Kept>(kept: K) => {
    const state = await stateAt(kept.iteration)
    return state && { ...kept, state }
  }
  let begin = 0
  const epochs = history.map(({ iterations, ...accuracies }, index): EpochHistory => {
    begin += iterations
    return { epoch: index + 1, losses: losses.slice(begin - iterations, begin), ...accuracies }
  })
  const kept = await Promise.all(snapshots.map(withState))
  return {
    position: { ...position, orderKey: keyOf(position.orderKey) },
    history: epochs,
    best: best && (await withState(best)),
    snapshots: kept.filter((snapshot) => snapshot !== null),
  }
}

const keyOf = (words: readonly number[]): Tensor<'key'> => tensor(words, { dtype: 'key' })

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

function isDescription(found: Record<string, unknown>): found is Record<string, unknown> & CheckpointDescription {
  const { position, history, best, snapshots, choices, sha256 } = found
  return (
    isRecord(position) &&
    [position.iteration, position.epoch, position.count, position.batchSize].every(isCount) &&
    Array.isArray(position.orderKey) &&
    position.orderKey.length === 2 &&
    position.orderKey.every((word) => word === word >>> 0) &&
    Array.isArray(history) &&
    history.every(
      (one) => isRecord(one) && isCount(one.iterations) && isAccuracy(one.trainAccuracy, one.testAccuracy),
    ) &&
    history.reduce((sum: number, { iterations }) => sum + iterations, 0) === position.iteration &&
    (best === null || (isKept(best) && typeof best.accuracy === 'number')) &&
    Array.isArray(snapshots) &&
    snapshots.every(isKept) &&
    isRecord(choices) &&
    typeof sha256 === 'string'
  )
}

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0

const isAccuracy = (...values: readonly unknown[]): boolean =>
  values.every((value) => value === null || typeof value === 'number')

const isKept = (value: unknown): value is Record<string, unknown> =>
  isRecord(value) && isCount(value.epoch) && isCount(value.iteration)
