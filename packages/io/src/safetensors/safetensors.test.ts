import { randomKey, splitKey, type Tree, tensor, zeros } from '@cotangent/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FormatError } from '../errors.ts'
import { flattenTree } from '../tree.ts'
import { decodeSafetensors } from './decode.ts'
import { encodeSafetensors } from './encode.ts'

/** A file with this header, and so many bytes of data. */
function file(header: string, data = 0): Uint8Array {
  const text = new TextEncoder().encode(header)
  const bytes = new Uint8Array(8 + text.length + data)
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true)
  bytes.set(text, 8)
  return bytes
}

function headerText(bytes: Uint8Array): string {
  const length = Number(new DataView(bytes.buffer).getBigUint64(0, true))
  return new TextDecoder().decode(bytes.subarray(8, 8 + length))
}

/** Bit for bit: NaN and −0 included. */
const contents = (tree: Tree) =>
  Object.entries(flattenTree(tree))
    .map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: hex(data.slice()) }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))

const hex = ({ buffer, byteOffset, byteLength }: ArrayBufferView) =>
  Buffer.from(buffer, byteOffset, byteLength).toString('hex')

describe('encodeSafetensors', () => {
  it('writes, byte for byte, what the Python package writes', () => {
    const bytes = encodeSafetensors({ attn0: tensor([[[0, 1, 2]]]) })
    const header = '{"attn0":{"dtype":"F32","shape":[1,1,3],"data_offsets":[0,12]}}'
    expect(hex(bytes)).toBe(
      `4000000000000000${Buffer.from(`${header} `).toString('hex')}00000000${'0000803f'}${'00000040'}`,
    )
    expect(hex(encodeSafetensors({}))).toBe(`0800000000000000${Buffer.from('{}      ').toString('hex')}`)
    expect(headerText(encodeSafetensors({}, { metadata: { framework: 'pt' } }))).toBe(
      '{"__metadata__":{"framework":"pt"}}     ',
    )
  })

  it('orders tensors by the width of their dtype, then by name', () => {
    const tree = {
      bool: tensor([true, false]),
      a: tensor(new Uint8Array([7, 255])),
      d: tensor(new Int32Array([-1])),
      key: randomKey(5),
      𝒳: tensor(1),
      '\uffee"': tensor(2),
      f: tensor(new Float64Array([Math.PI])),
    }
    // By code point: U+FFEE before U+1D4B3, though not in UTF-16.
    expect(headerText(encodeSafetensors(tree)).trim()).toBe(
      '{"f":{"dtype":"F64","shape":[1],"data_offsets":[0,8]},"\uffee\\"":{"dtype":"F32","shape":[],"data_offsets":[8,12]},' +
        '"𝒳":{"dtype":"F32","shape":[],"data_offsets":[12,16]},"key":{"dtype":"U32","shape":[2],"data_offsets":[16,24]},' +
        '"d":{"dtype":"I32","shape":[1],"data_offsets":[24,28]},"a":{"dtype":"U8","shape":[2],"data_offsets":[28,30]},' +
        '"bool":{"dtype":"BOOL","shape":[2],"data_offsets":[30,32]}}',
    )
  })

  it('is read back bit by bit', () => {
    const shape = fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 3 })
    const leaf = fc.tuple(shape, fc.constantFrom('float32', 'float64', 'int32', 'uint8', 'bool', 'key'), fc.nat())
    const trees = fc.dictionary(fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }), leaf, { maxKeys: 5 })
    fc.assert(
      fc.property(trees, fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }), (described, metadata) => {
        const tree = Object.fromEntries(
          Object.entries(described)
            .filter(([name]) => !/^\.|\[|__/.test(name))
            .map(([name, [shape, dtype, seed]]) => {
              if (dtype === 'key') return [name, splitKey(randomKey(seed), 3)[1]]
              const size = shape.reduce((size, length) => size * length, 1)
              const values = Array.from({ length: size }, (_, at) =>
                dtype === 'bool' ? (seed + at) % 2 : (seed + at) % 256,
              )
              return [name, tensor(new Float64Array(values), { dtype, shape })]
            }),
        )
        const bytes = encodeSafetensors(tree, { metadata })
        const read = decodeSafetensors(bytes)
        expect(contents(read.tensors)).toEqual(contents(tree))
        expect(read.metadata).toEqual(metadata)
        expect(hex(encodeSafetensors(read.tensors, read))).toBe(hex(bytes))
      }),
      { seed: 7, numRuns: 100 },
    )
  })

  it('keeps NaN, infinities and −0, and tensors at odd addresses', () => {
    const tree = { w: tensor([Number.NaN, Number.POSITIVE_INFINITY, -0]), odd: tensor(new Uint8Array([3])) }
    const shifted = new Uint8Array([1, ...encodeSafetensors(tree)]).subarray(1)
    expect(contents(decodeSafetensors(shifted).tensors)).toEqual(contents(tree))
  })

  it('refuses a tensor where the metadata go, and names that collide', () => {
    expect(() => encodeSafetensors({ __metadata__: tensor(1) })).toThrow(/no tensor can be named __metadata__/)
    expect(() => encodeSafetensors({ 'a.b': tensor(1), a: { b: tensor(2) } })).toThrow(
      /two tensors would be named "a.b"/,
    )
  })
})

describe('decodeSafetensors refuses', () => {
  const f32 = (shape: string, begin: number, end: number) =>
    `{"dtype":"F32","shape":${shape},"data_offsets":[${begin},${end}]}`
  const claiming = (length: bigint) => {
    const bytes = new Uint8Array(16)
    new DataView(bytes.buffer).setBigUint64(0, length, true)
    return bytes
  }
  it.each<[string, Uint8Array, RegExp]>([
    ['no bytes', new Uint8Array(0), /: 0 bytes are no safetensors file/],
    ['10 GB of header', claiming(10_000_000_000n), /said to have 10000000000 bytes, but 8 follow/],
    ['2^64 − 1 bytes of header', claiming(2n ** 64n - 1n), /said to have 18446744073709551615 bytes/],
    ['a header that is no JSON', file('{"w":'), /the header is not JSON/],
    ['a header that is no UTF-8', Uint8Array.of(2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe), /the header is not JSON/],
    ['a list', file('[]'), /does not begin with an object/],
    ['leading spaces', file('  {}'), /does not begin with an object/],
    ['a name twice', file(`{"w":${f32('[1]', 0, 4)},"w":${f32('[1]', 0, 4)}}`, 4), /names "w" twice/],
    ['a name twice, escaped', file(`{"w":${f32('[1]', 0, 4)},"\\u0077":${f32('[1]', 0, 4)}}`, 4), /names "w" twice/],
    ['a field twice', file('{"w":{"dtype":"F32","shape":[],"shape":[1],"data_offsets":[0,4]}}', 4), /"shape" twice/],
    ['metadata of numbers', file('{"__metadata__":{"a":1}}'), /holds something other than strings/],
    ['no shape', file('{"w":{"dtype":"F32","data_offsets":[0,4]}}', 4), /describes w without/],
    ['a negative length', file(`{"w":${f32('[-1]', 0, 4)}}`, 4), /describes w without/],
    ['a fraction', file(`{"w":${f32('[0.5]', 0, 4)}}`, 4), /describes w without/],
    ['three offsets', file('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4,8]}}', 4), /describes w without/],
    ['F16', file('{"w":{"dtype":"F16","shape":[1],"data_offsets":[0,2]}}', 2), /w has dtype F16, which no tensor has/],
    [
      'U32 that are no keys',
      file('{"w":{"dtype":"U32","shape":[3],"data_offsets":[0,12]}}', 12),
      /random keys, with a last/,
    ],
    ['the end before the beginning', file(`{"w":${f32('[1]', 4, 0)}}`, 4), /ends before it begins/],
    ['offsets beyond the data', file(`{"w":${f32('[2]', 0, 8)}}`, 4), /reaches beyond the 4 bytes of data/],
    ['an overlap', file(`{"a":${f32('[1]', 0, 4)},"w":${f32('[1]', 2, 6)}}`, 6), /w at bytes 2 to 6 overlaps/],
    [
      'the same place twice',
      file(`{"a":${f32('[1]', 0, 4)},"w":${f32('[1]', 0, 4)}}`, 4),
      /overlaps the tensor before/,
    ],
    ['a hole', file(`{"a":${f32('[1]', 0, 4)},"w":${f32('[1]', 8, 12)}}`, 12), /leaves a hole after byte 4/],
    ['bytes at the end', file(`{"w":${f32('[1]', 0, 4)}}`, 5), /the last 1 of 5 bytes of data belong to no tensor/],
    ['a shape of another size', file(`{"w":${f32('[2]', 0, 4)}}`, 4), /has 4 bytes, but float32 \[2\] needs 8/],
    ['a huge shape', file(`{"w":${f32('[9007199254740991,2]', 0, 4)}}`, 4), /but float32 .* needs/],
    [
      'a bool of 2',
      file('{"w":{"dtype":"BOOL","shape":[1],"data_offsets":[0,1]} }\u0002'.slice(0, -1), 1).fill(2, -1),
      /the data of w are no bool/,
    ],
  ])('%s', (_, bytes, message) => {
    expect(() => decodeSafetensors(bytes)).toThrow(message)
    expect(() => decodeSafetensors(bytes)).toThrow(FormatError)
  })

  it('every truncation', () => {
    const whole = encodeSafetensors({ w: zeros([3]), b: tensor([true]) })
    for (let length = 0; length < whole.length; length++)
      expect(() => decodeSafetensors(whole.subarray(0, length)), `${length} bytes`).toThrow(FormatError)
  })

  it('or reads what is changed anywhere: nothing else is thrown', () => {
    const whole = encodeSafetensors({ w: zeros([3]), b: tensor([true]) }, { metadata: { a: 'b' } })
    for (let at = 0; at < whole.length; at++) {
      for (const change of [1, 0x20, 0x80]) {
        const changed = whole.slice()
        changed[at]! ^= change
        try {
          decodeSafetensors(changed)
        } catch (error) {
          expect(error).toBeInstanceOf(FormatError)
        }
      }
    }
  })
})
