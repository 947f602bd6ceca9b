import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AnyTensor, knownValues, type TypedArray, tensor } from '@cotangent/core'
import { afterAll, describe, expect, it } from 'vitest'
import { readSafetensors, writeSafetensors } from '../files.ts'

const tensors = {
  f32: tensor([
    [1.5, -0, Number.NaN],
    [Number.POSITIVE_INFINITY, 1e-45, 3.4e38],
  ]),
  f64: tensor([Math.PI, -0, 5e-324], { dtype: 'float64' }),
  i32: tensor([[-(2 ** 31)], [2 ** 31 - 1]], { dtype: 'int32' }),
  u8: tensor(new Uint8Array([0, 255, 7])),
  bool: tensor([true, false, true]),
  scalar: tensor(2.5),
}

function bytesOf(x: AnyTensor): string {
  const { buffer, byteOffset, byteLength } = knownValues(x) as TypedArray
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
}

const python = (code: string, ...args: readonly string[]) =>
  spawnSync('python3', ['-c', code, ...args], { encoding: 'utf8' })
const found = python('import numpy, safetensors.numpy').status === 0

describe.skipIf(!found)('the Python package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'safetensors-'))
  afterAll(() => rmSync(folder, { recursive: true }))
  const [ours, theirs] = [join(folder, 'ours.safetensors'), join(folder, 'theirs.safetensors')]

  it('reads each dtype that is written here, and writes what is read here, to the same bits', async () => {
    await writeSafetensors(ours, tensors, { metadata: { of: 'a "quoted" é' } })
    const { stdout, stderr } = python(
      `import json, sys
from safetensors import safe_open
from safetensors.numpy import load_file, save_file
read = load_file(sys.argv[1])
metadata = safe_open(sys.argv[1], 'np').metadata()
save_file(read, sys.argv[2], metadata=metadata)
print(json.dumps([metadata, {name: [str(value.dtype), value.shape, value.tobytes().hex()] for name, value in read.items()}]))`,
      ours,
      theirs,
    )
    expect(stderr).toBe('')
    expect(JSON.parse(stdout)).toEqual([
      { of: 'a "quoted" é' },
      Object.fromEntries(
        Object.entries(tensors).map(([name, value]) => [name, [value.dtype, value.shape, bytesOf(value)]]),
      ),
    ])
    const back = await readSafetensors(theirs)
    expect(back.metadata).toEqual({ of: 'a "quoted" é' })
    for (const [name, value] of Object.entries(tensors)) {
      const read = back.tensors[name]!
      expect([name, read.dtype, read.shape, bytesOf(read)]).toEqual([name, value.dtype, value.shape, bytesOf(value)])
    }
  })
})
