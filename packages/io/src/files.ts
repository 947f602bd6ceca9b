import type { AnyTensor, Tree } from '@cotangent/core'
import { readBytes, type WriteOptions, writeAtomically } from './disk.ts'
import { decodeFrom as decodeNpyFrom } from './npy/decode.ts'
import { encodeNpy, type NpyOptions } from './npy/encode.ts'
import { decodeArchive, encodeNpz, type NpzOptions } from './npy/npz.ts'
import { decodeFrom, type Safetensors } from './safetensors/decode.ts'
import { encodeSafetensors, type SafetensorsOptions } from './safetensors/encode.ts'
import type { NamedTensors } from './tree.ts'

/**
 * Writes the tensors of a tree to a file, as {@link encodeSafetensors} lays them out. The file appears only once it is whole.
 *
 * @throws FileError where the file is there already (unless `overwrite`), the disk is full or the folder missing or read-only.
 */
export const writeSafetensors = (
  path: string,
  tree: Tree,
  { overwrite, ...options }: SafetensorsOptions & WriteOptions = {},
): Promise<void> => writeAtomically(path, encodeSafetensors(tree, options), { overwrite })

/**
 * The tensors of a safetensors file.
 *
 * @throws FileError where it cannot be read; FormatError where it is not one, as for {@link decodeSafetensors}. Both name the file.
 */
export const readSafetensors = async (path: string): Promise<Safetensors> => decodeFrom(path, await readBytes(path))

/**
 * Writes a tensor to a `.npy` file, as {@link encodeNpy} lays it out. The file appears only once it is whole.
 *
 * @throws FileError as {@link writeSafetensors}.
 */
export const writeNpy = (
  path: string,
  tensor: AnyTensor,
  { overwrite, ...options }: NpyOptions & WriteOptions = {},
): Promise<void> => writeAtomically(path, encodeNpy(tensor, options), { overwrite })

/**
 * The tensor of a `.npy` file.
 *
 * @throws FileError where it cannot be read; FormatError where it is not one, as for {@link decodeNpy}. Both name the file.
 */
export const readNpy = async (path: string): Promise<AnyTensor> => decodeNpyFrom(path, await readBytes(path))

/**
 * Writes the tensors of a tree to a `.npz` file, as {@link encodeNpz} lays them out. The file appears only once it is whole.
 *
 * @throws FileError as {@link writeSafetensors}.
 */
export const writeNpz = (
  path: string,
  tree: Tree,
  { overwrite, ...options }: NpzOptions & WriteOptions = {},
): Promise<void> => writeAtomically(path, encodeNpz(tree, options), { overwrite })

/**
 * The tensors of a `.npz` file, by name.
 *
 * @throws FileError where it cannot be read; FormatError where it is not one, as for {@link decodeNpz}. Both name the file.
 */
export const readNpz = async (path: string): Promise<NamedTensors> => decodeArchive(path, await readBytes(path))
