import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type AnyTensor, randomKey, tensor } from '@cotangent/core'
import { zipSync } from 'fflate'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { readNpy, readNpz, writeNpy, writeNpz } from '../files.ts'
import { decodeNpy } from './decode.ts'
import { encodeNpy } from './encode.ts'
import { decodeNpz, encodeNpz } from './npz.ts'

const tensors = {
  f4: tensor([[1.5, -0, Number.NaN], [Number.POSITIVE_INFINITY, 1e-40, 3]]), // biome-ignore format: rows
  f8: tensor([[[Math.PI], [Math.E]]], { dtype: 'float64' }),
  i4: tensor([-(2 ** 31), 2 ** 31 - 1], { dtype: 'int32' }),
  u1: tensor(new Uint8Array([0, 255])),
  b1: tensor([[true, false]]),
  scalar: tensor(7),
  empty: tensor(new Float32Array(0), { shape: [0, 3] }),
  'nested.name': tensor([1]),
}
const same = (a: AnyTensor, b: AnyTensor) => {
  expect([a.dtype, a.shape]).toEqual([b.dtype, b.shape])
  expect(Object.is(a.data, b.data) || [...a.data].every((value, at) => Object.is(value, b.data[at]))).toBe(true)
}

describe('.npy', () => {
  it.each(Object.entries(tensors))('is read back: %s', (_, value) => {
    same(decodeNpy(encodeNpy(value)), value)
    same(decodeNpy(encodeNpy(value, { fortranOrder: true })), value)
  })

  it('keeps random keys as pairs of uint32', () => {
    same(decodeNpy(encodeNpy(randomKey(3), { fortranOrder: true })), randomKey(3))
  })

  it('has the header of version 1.0, padded to 64 bytes', () => {
    const bytes = encodeNpy(tensor([[1, 2]]))
    expect([...bytes.subarray(0, 10)]).toEqual([0x93, 78, 85, 77, 80, 89, 1, 0, 118, 0])
    expect(new TextDecoder().decode(bytes.subarray(10, 128))).toBe(
      `${"{'descr': '<f4', 'fortran_order': False, 'shape': (1, 2), }".padEnd(117)}\n`,
    )
  })

  it.each([2, 3])('is read in version %i.0', (version) => {
    const first = encodeNpy(tensors.i4)
    const later = new Uint8Array([...first.subarray(0, 6), version, 0, 118, 0, 0, 0, ...first.subarray(10)])
    same(decodeNpy(later), tensors.i4)
  })

  const withHeader = (text: string, data = 0) =>
    new Uint8Array([
      ...encodeNpy(tensor(0)).subarray(0, 8),
      text.length,
      0,
      ...new TextEncoder().encode(text),
      ...new Uint8Array(data),
    ])
  const header = (description: string, shape: string) =>
    `{'descr': ${description}, 'fortran_order': False, 'shape': ${shape}, }\n`
  it.each<[string, Uint8Array, RegExp]>([
    ['other bytes', new Uint8Array(100), /are no .npy file/],
    ['nothing', new Uint8Array(0), /are no .npy file/],
    ['half a header', encodeNpy(tensors.f4).subarray(0, 40), /ends within the header/],
    [
      'half its data',
      encodeNpy(tensors.i4).subarray(0, -4),
      /4 bytes of data follow .* needs 8; the file is truncated/,
    ],
    ['more data', new Uint8Array([...encodeNpy(tensors.i4), 0]), /longer than it should be/],
    ['version 9', encodeNpy(tensors.f4).with(6, 9), /version 9 of .npy is unknown/],
    [
      'big-endian floats',
      withHeader(header("'>f4'", '(1,)'), 4),
      /dtype >f4, which no tensor has here; save it as little-endian/,
    ],
    ['int64', withHeader(header("'<i8'", '(1,)'), 8), /dtype <i8/],
    ['objects', withHeader(header("'|O'", '(1,)'), 8), /dtype \|O/],
    ['fields', withHeader(header("[('x', '<f4')]", '(1,)'), 4), /does not give one dtype/],
    ['uint32', withHeader(header("'<u4'", '(3,)'), 12), /are no random keys/],
    ['no shape', withHeader("{'descr': '<f4', 'fortran_order': False}"), /does not give one dtype/],
    ['too many elements', withHeader(header("'<f4'", '(9007199254740991, 3)')), /more elements than can be held/],
    ['a bool of 2', encodeNpy(tensors.b1).fill(2, -1), /the data are no bool/],
  ])('is refused: %s', (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(message)
    expect(() => decodeNpy(bytes)).toThrow(FormatError)
  })
})

describe('.npz', () => {
  it.each([false, true])('is read back, compress: %s', (compress) => {
    const read = decodeNpz(encodeNpz(tensors, { compress }))
    expect(Object.keys(read)).toEqual(Object.keys(tensors))
    for (const [name, value] of Object.entries(tensors)) same(read[name]!, value)
    expect(encodeNpz(tensors, { compress })).toEqual(encodeNpz(tensors, { compress }))
  })

  it('is refused where it is damaged', () => {
    const whole = encodeNpz(tensors)
    expect(() => decodeNpz(whole.subarray(0, -30))).toThrow(/no whole zip archive/)
    expect(() => decodeNpz(new Uint8Array(5))).toThrow(FormatError)
    expect(() => decodeNpz(zipSync({ 'read.me': new Uint8Array(3) }))).toThrow(/read.me, which is no .npy file/)
    expect(() => decodeNpz(zipSync({ 'w.npy': new Uint8Array(3) }))).toThrow(/w.npy: these bytes are no .npy file/)
  })

  it.each([false, true])('is refused where a bit of an array is another, compress: %s', (compress) => {
    const whole = encodeNpz({ v: tensors.f8, w: tensors.f4 }, { compress })
    const refused = [0, 1].map((entry) => {
      const bytes = Uint8Array.from(whole)
      // The last byte of an array's header is before its elements; in a compressed one any change is seen, there or when it is unpacked.
      const name = Buffer.from(bytes).indexOf(entry === 0 ? 'v.npy' : 'w.npy')
      bytes[name + 5 + (compress ? 20 : 128)]! ^= 1
      return () => decodeNpz(bytes)
    })
    for (const decode of refused) expect(decode).toThrow(FormatError)
    if (!compress) expect(refused[1]).toThrow('decodeNpz: w.npy has another checksum than the archive says')
  })

  it('is read with a comment behind its directory', () => {
    const whole = encodeNpz({ w: tensors.f4 })
    const bytes = new Uint8Array(whole.byteLength + 5)
    bytes.set(whole)
    new DataView(bytes.buffer).setUint16(whole.byteLength - 2, 5, true)
    same(decodeNpz(bytes).w!, tensors.f4)
  })

  it('is refused where a few bytes claim to hold gigabytes', () => {
    const bytes = encodeNpz({ w: tensors.f4 }, { compress: true })
    const entry = Buffer.from(bytes).lastIndexOf('PK\x01\x02')
    new DataView(bytes.buffer).setUint32(entry + 24, 4_000_000_000, true)
    expect(() => decodeNpz(bytes)).toThrow(/claims 4000000000 bytes/)
  })
})

const PYTHON = '/usr/bin/python3'
const hasNumpy = spawnSync(PYTHON, ['-c', 'import numpy']).status === 0

describe.skipIf(!hasNumpy)('NumPy', () => {
  let folder = ''
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'cotangent-npy-'))
  })
  afterAll(() => rmSync(folder, { recursive: true }))
  const python = (...lines: readonly string[]): void => {
    const { status, stderr } = spawnSync(PYTHON, ['-c', ['import numpy as np', ...lines].join('\n')], { cwd: folder })
    expect(stderr.toString()).toBe('')
    expect(status).toBe(0)
  }

  it('reads what is written here, and writes the same bytes', async () => {
    await writeNpz(join(folder, 'stored.npz'), tensors)
    await writeNpz(join(folder, 'deflated.npz'), tensors, { compress: true })
    for (const [name, value] of Object.entries(tensors)) {
      await writeNpy(join(folder, `${name}.npy`), value)
      await writeNpy(join(folder, `${name}.f.npy`), value, { fortranOrder: true })
    }
    python(
      "stored, deflated = np.load('stored.npz'), np.load('deflated.npz')",
      `names = ${JSON.stringify(Object.keys(tensors))}`,
      'assert sorted(stored) == sorted(names) == sorted(deflated)',
      'for name in names:',
      "  c, f = np.load(name + '.npy'), np.load(name + '.f.npy')",
      '  for other in (f, stored[name], deflated[name]):',
      '    assert c.dtype == other.dtype and c.shape == other.shape, name',
      '    np.testing.assert_array_equal(c, other)',
      "  for array, path in ((np.ascontiguousarray(c).reshape(c.shape), name + '.npy'), (np.asfortranarray(c).reshape(c.shape, order='F'), name + '.f.npy')):",
      "    np.save('again.npy', array)",
      "    assert open('again.npy', 'rb').read() == open(path, 'rb').read(), path",
      "assert np.load('i4.npy').tolist() == [-2**31, 2**31 - 1]",
      "assert np.load('f8.npy').tolist() == [[[np.pi], [np.e]]]",
      "assert np.load('b1.npy').tolist() == [[True, False]]",
    )
  })

  it('is read here, in both orders, all versions and both kinds of archive', async () => {
    python(
      'a = np.arange(24).reshape(2, 3, 4)',
      'kinds = dict(f4=a.astype("f4"), f8=a.astype("f8"), i4=a.astype("i4"), u1=a.astype("u1"), b1=a % 3 == 0)',
      'np.savez("a.npz", **kinds)',
      'np.savez_compressed("b.npz", **{k: np.asfortranarray(v) for k, v in kinds.items()})',
      'for version in ((1, 0), (2, 0), (3, 0)):',
      '  with open(f"v{version[0]}.npy", "wb") as f: np.lib.format.write_array(f, kinds["i4"].T, version)',
    )
    const values = Array.from({ length: 24 }, (_, at) => at)
    for (const file of ['a.npz', 'b.npz']) {
      const { f4, f8, i4, u1, b1 } = await readNpz(join(folder, file))
      same(f4!, tensor(new Float32Array(values), { shape: [2, 3, 4] }))
      same(f8!, tensor(new Float64Array(values), { shape: [2, 3, 4] }))
      same(i4!, tensor(new Int32Array(values), { shape: [2, 3, 4] }))
      same(u1!, tensor(new Uint8Array(values), { shape: [2, 3, 4] }))
      expect([...b1!.data]).toEqual(values.map((value) => Number(value % 3 === 0)))
    }
    for (const version of [1, 2, 3]) {
      const read = await readNpy(join(folder, `v${version}.npy`))
      expect(read.shape).toEqual([4, 3, 2])
      expect([...read.data].slice(0, 4)).toEqual([0, 12, 4, 16])
    }
  })
})
