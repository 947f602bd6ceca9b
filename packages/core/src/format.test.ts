import { describe, expect, it } from 'vitest'
import { allocate, type DType, wordsOf } from './dtype.ts'
import { formatTensor } from './format.ts'
import { sizeOf } from './shape.ts'

// The expected lines are what NumPy 2.4.6 printed for the same arrays.

const { NaN: nan, POSITIVE_INFINITY: inf } = Number
const count = (length: number, step = 1) => Array.from({ length }, (_, i) => i * step)
const filled = (length: number, value: number) => new Array<number>(length).fill(value)

function prints(title: string, shape: number[], dtype: DType, values: number[], ...lines: string[]): void {
  it(title, () => {
    expect(values).toHaveLength(sizeOf(shape) * wordsOf(dtype))
    const data = allocate(dtype, sizeOf(shape))
    data.set(values)
    expect(formatTensor(shape, dtype, data).split('\n')).toEqual(lines)
  })
}

describe('scalars', () => {
  prints('integral float', [], 'float32', [3], '3.0')
  prints('negative zero', [], 'float64', [-0], '-0.0')
  prints('nan', [], 'float32', [nan], 'nan')
  prints('negative infinity', [], 'float64', [-inf], '-inf')
  prints('float32 digits are not limited to 8', [], 'float32', [0.00012345679], '0.00012345679')
  prints('float64 digits are not limited to 8', [], 'float64', [Math.PI], '3.141592653589793')
  prints('float32 below 1e6', [], 'float32', [999999.9375], '999999.94')
  prints('float32 from 1e6', [], 'float32', [1000000], '1e+06')
  prints('float64 below 1e16', [], 'float64', [9999999999999998], '9999999999999998.0')
  prints('float64 from 1e16', [], 'float64', [1e16], '1e+16')
  prints('float32 1e-4 lies below the bound', [], 'float32', [0.0001], '1e-04')
  prints('float64 1e-4', [], 'float64', [0.0001], '0.0001')
  prints('small float64', [], 'float64', [-1.5e-7], '-1.5e-07')
  prints('smallest float64', [], 'float64', [5e-324], '5e-324')
  prints('int32', [], 'int32', [-7], '-7')
  prints('bool', [], 'bool', [1], 'True')
})

describe('positional floats', () => {
  prints(
    'common width, trailing zeros trimmed to spaces',
    [4],
    'float32',
    [1, -0.5, 10.25, 0],
    '[ 1.   -0.5  10.25  0.  ]',
  )
  prints('shortest float32 digits', [3], 'float32', [0.1, 1 / 3, 2 / 3], '[0.1        0.33333334 0.6666667 ]')
  prints('at most 8 digits of float64', [3], 'float64', [0.1, 1 / 3, Math.PI], '[0.1        0.33333333 3.14159265]')
  prints('negative zero', [3], 'float64', [-0, 0, 1.5], '[-0.   0.   1.5]')
  prints(
    'an exact tie at the 8th digit goes to even',
    [2],
    'float64',
    [0.001953125, 0.005859375],
    '[0.00195312 0.00585938]',
  )
  prints('a float32 tie goes to even', [2], 'float32', [1.76953125, 0.177734375], '[1.7695312  0.17773438]')
  prints('rounding carries over nines', [2], 'float64', [0.9999999999, 9.5], '[1.  9.5]')
  prints('nan and infinity widen short numbers', [4], 'float32', [1, nan, inf, -inf], '[  1.  nan  inf -inf]')
  prints(
    'nan and infinity in longer numbers',
    [2, 2],
    'float32',
    [-1.25, nan, inf, 100.5],
    '[[ -1.25    nan]',
    ' [   inf 100.5 ]]',
  )
  prints('only nan', [2], 'float32', [nan, nan], '[nan nan]')
  prints('only infinities', [2], 'float64', [inf, -inf], '[ inf -inf]')
  prints('ratio of exactly 1000', [2], 'float64', [1, 1000], '[   1. 1000.]')
  prints('float64 below 1e8', [2], 'float64', [99999999.5, 99999999], '[99999999.5 99999999. ]')
  prints(
    'ratio of 1000 after rounding to float32',
    [2],
    'float32',
    [568.5555419921875, 0.5685555338859558],
    '[568.55554      0.56855553]',
  )
  prints('smallest magnitude 1e-4', [2], 'float32', [0.0001, 0.01], '[0.0001 0.01  ]')
})

describe('floats with exponents', () => {
  prints('ratio above 1000', [2], 'float64', [1, 1000.5], '[1.0000e+00 1.0005e+03]')
  prints('zeros do not count', [3], 'float64', [0, -0, 1e-5], '[ 0.e+00 -0.e+00  1.e-05]')
  prints('smallest below 1e-4', [2], 'float32', [9.9e-5, 0.01], '[9.9e-05 1.0e-02]')
  prints('float32 from 1e6', [2], 'float32', [1000000, 999999], '[1.00000e+06 9.99999e+05]')
  prints('float64 from 1e8', [2], 'float64', [100000000, 50000000], '[1.e+08 5.e+07]')
  prints(
    'digits of the longest, exactly filled',
    [3],
    'float32',
    [999.1, 1.1234567, 0.1],
    '[9.9909998e+02 1.1234567e+00 1.0000000e-01]',
  )
  prints('a float32 tie goes to even', [2], 'float32', [0.000244140625, 1], '[2.4414062e-04 1.0000000e+00]')
  prints('three exponent digits', [3], 'float64', [1e-300, -2.5, 100000], '[ 1.0e-300 -2.5e+000  1.0e+005]')
  prints('nan and infinity', [3], 'float32', [1e-5, nan, -inf], '[1.e-05    nan   -inf]')
  prints('8 digits after the point', [2], 'float64', [1 / 3e6, 2e9 / 7], '[3.33333333e-07 2.85714286e+08]')
  prints(
    'a power of two whose nearest 8 digits read back as another float32',
    [1],
    'float32',
    [2 ** -96],
    '[1.2621775e-29]',
  )
  prints(
    'smallest and largest float32',
    [2],
    'float32',
    [1.401298464324817e-45, 3.4028234663852886e38],
    '[1.4012985e-45 3.4028235e+38]',
  )
})

describe('integers and bools', () => {
  prints('right-aligned', [2, 2], 'int32', [1, -20, 300, 4], '[[  1 -20]', ' [300   4]]')
  prints('uint8', [3], 'uint8', [0, 255, 7], '[  0 255   7]')
  prints('int32 bounds', [2], 'int32', [-2147483648, 2147483647], '[-2147483648  2147483647]')
  prints('bools', [2, 2], 'bool', [1, 0, 0, 1], '[[ True False]', ' [False  True]]')
  prints('only true', [2], 'bool', [1, 1], '[ True  True]')
})

describe('empty', () => {
  prints('vector', [0], 'float32', [], '[]')
  prints('matrix without columns', [2, 0], 'int32', [], '[]')
  prints('rank 3', [2, 0, 3], 'bool', [], '[]')
})

describe('nesting and lines', () => {
  prints(
    'rank 3 has a blank line between blocks',
    [2, 2, 2],
    'int32',
    count(8),
    '[[[0 1]',
    '  [2 3]]',
    '',
    ' [[4 5]',
    '  [6 7]]]',
  )
  prints('rank 4 has two', [2, 1, 2, 1], 'uint8', count(4), '[[[[0]', '   [1]]]', '', '', ' [[[2]', '   [3]]]]')
  prints('rank 5 of ones', [1, 1, 1, 1, 1], 'float32', [1], '[[[[[1.]]]]]')
  prints(
    'a row that just fits',
    [37],
    'uint8',
    filled(37, 1),
    '[1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1]',
  )
  prints(
    'a row that does not fit',
    [38],
    'uint8',
    filled(38, 1),
    '[1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1',
    ' 1]',
  )
  prints(
    'a long vector of floats',
    [12],
    'float32',
    count(12, 0.125),
    '[0.    0.125 0.25  0.375 0.5   0.625 0.75  0.875 1.    1.125 1.25  1.375]',
  )
  prints(
    'long rows of a matrix',
    [2, 20],
    'float64',
    count(40, 0.25),
    '[[0.   0.25 0.5  0.75 1.   1.25 1.5  1.75 2.   2.25 2.5  2.75 3.   3.25',
    '  3.5  3.75 4.   4.25 4.5  4.75]',
    ' [5.   5.25 5.5  5.75 6.   6.25 6.5  6.75 7.   7.25 7.5  7.75 8.   8.25',
    '  8.5  8.75 9.   9.25 9.5  9.75]]',
  )
  prints(
    'long rows at rank 3',
    [2, 1, 25],
    'int32',
    count(50),
    '[[[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22',
    '   23 24]]',
    '',
    ' [[25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47',
    '   48 49]]]',
  )
})

describe('summaries', () => {
  prints('1001 elements are shown by their ends', [1001], 'int32', count(1001), '[   0    1    2 ...  998  999 1000]')
  prints(
    'a long vector of floats',
    [2000],
    'float32',
    count(2000, 0.5),
    '[0.000e+00 5.000e-01 1.000e+00 ... 9.985e+02 9.990e+02 9.995e+02]',
  )
  prints(
    'a matrix',
    [100, 100],
    'int32',
    count(10000),
    '[[   0    1    2 ...   97   98   99]',
    ' [ 100  101  102 ...  197  198  199]',
    ' [ 200  201  202 ...  297  298  299]',
    ' ...',
    ' [9700 9701 9702 ... 9797 9798 9799]',
    ' [9800 9801 9802 ... 9897 9898 9899]',
    ' [9900 9901 9902 ... 9997 9998 9999]]',
  )
  prints(
    'short axes stay whole',
    [6, 300],
    'int32',
    count(1800),
    '[[   0    1    2 ...  297  298  299]',
    ' [ 300  301  302 ...  597  598  599]',
    ' [ 600  601  602 ...  897  898  899]',
    ' [ 900  901  902 ... 1197 1198 1199]',
    ' [1200 1201 1202 ... 1497 1498 1499]',
    ' [1500 1501 1502 ... 1797 1798 1799]]',
  )
  prints(
    'seven rows are elided',
    [7, 200],
    'uint8',
    filled(1400, 0),
    '[[0 0 0 ... 0 0 0]',
    ' [0 0 0 ... 0 0 0]',
    ' [0 0 0 ... 0 0 0]',
    ' ...',
    ' [0 0 0 ... 0 0 0]',
    ' [0 0 0 ... 0 0 0]',
    ' [0 0 0 ... 0 0 0]]',
  )
  prints(
    'rank 3',
    [7, 2, 100],
    'int32',
    count(1400),
    '[[[   0    1    2 ...   97   98   99]',
    '  [ 100  101  102 ...  197  198  199]]',
    '',
    ' [[ 200  201  202 ...  297  298  299]',
    '  [ 300  301  302 ...  397  398  399]]',
    '',
    ' [[ 400  401  402 ...  497  498  499]',
    '  [ 500  501  502 ...  597  598  599]]',
    '',
    ' ...',
    '',
    ' [[ 800  801  802 ...  897  898  899]',
    '  [ 900  901  902 ...  997  998  999]]',
    '',
    ' [[1000 1001 1002 ... 1097 1098 1099]',
    '  [1100 1101 1102 ... 1197 1198 1199]]',
    '',
    ' [[1200 1201 1202 ... 1297 1298 1299]',
    '  [1300 1301 1302 ... 1397 1398 1399]]]',
  )
  prints(
    'a long axis of pairs',
    [600, 2],
    'float32',
    count(1200, 0.5),
    '[[0.000e+00 5.000e-01]',
    ' [1.000e+00 1.500e+00]',
    ' [2.000e+00 2.500e+00]',
    ' ...',
    ' [5.970e+02 5.975e+02]',
    ' [5.980e+02 5.985e+02]',
    ' [5.990e+02 5.995e+02]]',
  )
  prints(
    'wide words wrap around the dots',
    [1200],
    'float64',
    count(1200, 1 / 3),
    '[0.00000000e+00 3.33333333e-01 6.66666667e-01 ... 3.99000000e+02',
    ' 3.99333333e+02 3.99666667e+02]',
  )
})

describe('random keys', () => {
  prints('one', [], 'key', [0, 42], 'key(0x00000000 0x0000002a)')
  prints('none', [0], 'key', [], '[]')
  prints(
    'a vector breaks its line as words do',
    [3],
    'key',
    [0, 1, 0xffffffff, 0x80000000, 0xdeadbeef, 7],
    '[key(0x00000000 0x00000001) key(0xffffffff 0x80000000)',
    ' key(0xdeadbeef 0x00000007)]',
  )
  prints('a matrix', [2, 1], 'key', count(4), '[[key(0x00000000 0x00000001)]', ' [key(0x00000002 0x00000003)]]')
})

describe('the limit of 1000 elements', () => {
  it('shows all of exactly 1000', () => {
    const text = formatTensor([10, 100], 'int32', count(1000))
    expect(text).not.toContain('...')
    expect(text.match(/\d+/g)?.map(Number)).toEqual(count(1000))
  })

  it('reads only the elements that it shows, and lets only them decide notation and width', () => {
    const read: number[] = []
    const spied = new Proxy<ArrayLike<number>>([], {
      get(_, key) {
        const index = Number(key)
        read.push(index)
        return index < 3 || index >= 1e9 - 3 ? 0.5 : 1e30
      },
    })
    expect(formatTensor([1e9], 'float32', spied)).toBe('[0.5 0.5 0.5 ... 0.5 0.5 0.5]')
    expect(read).toEqual([0, 1, 2, 1e9 - 3, 1e9 - 2, 1e9 - 1])
  })
})

it('the documented example', () => {
  const text = formatTensor([2, 2], 'float32', new Float32Array([1, -0.5, 10, nan]))
  expect(text).toBe('[[ 1.  -0.5]\n [10.   nan]]')
})
