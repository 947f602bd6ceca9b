/**
 * The instruction set: namespace → signature → name → opcode, after the binary format of the WebAssembly core specification
 * (version 2, with the threads and relaxed SIMD proposals). A prefixed opcode is written 0x<prefix>_<three digits>: 0xfd_0e4 is
 * prefix 0xfd, number 0xe4. A signature lists the operand types and, after the arrow, the result.
 */

/** Instructions that are their opcode and nothing more. */
// biome-ignore format: related ones stand on one line
export const plainOpcodes = {
  i32: {
    'i32 -> i32': { eqz: 0x45, clz: 0x67, ctz: 0x68, popcnt: 0x69, extend8_s: 0xc0, extend16_s: 0xc1 },
    'i32 i32 -> i32': {
      eq: 0x46, ne: 0x47, lt_s: 0x48, lt_u: 0x49, gt_s: 0x4a, gt_u: 0x4b, le_s: 0x4c, le_u: 0x4d, ge_s: 0x4e,
      ge_u: 0x4f, add: 0x6a, sub: 0x6b, mul: 0x6c, div_s: 0x6d, div_u: 0x6e, rem_s: 0x6f, rem_u: 0x70, and: 0x71,
      or: 0x72, xor: 0x73, shl: 0x74, shr_s: 0x75, shr_u: 0x76, rotl: 0x77, rotr: 0x78,
    },
    'i64 -> i32': { wrap_i64: 0xa7 },
    'f32 -> i32': {
      trunc_f32_s: 0xa8, trunc_f32_u: 0xa9, reinterpret_f32: 0xbc, trunc_sat_f32_s: 0xfc_000, trunc_sat_f32_u: 0xfc_001,
    },
    'f64 -> i32': { trunc_f64_s: 0xaa, trunc_f64_u: 0xab, trunc_sat_f64_s: 0xfc_002, trunc_sat_f64_u: 0xfc_003 },
  },
  i64: {
    'i64 -> i64': { clz: 0x79, ctz: 0x7a, popcnt: 0x7b, extend8_s: 0xc2, extend16_s: 0xc3, extend32_s: 0xc4 },
    'i64 -> i32': { eqz: 0x50 },
    'i64 i64 -> i32': {
      eq: 0x51, ne: 0x52, lt_s: 0x53, lt_u: 0x54, gt_s: 0x55, gt_u: 0x56, le_s: 0x57, le_u: 0x58, ge_s: 0x59,
      ge_u: 0x5a,
    },
    'i64 i64 -> i64': {
      add: 0x7c, sub: 0x7d, mul: 0x7e, div_s: 0x7f, div_u: 0x80, rem_s: 0x81, rem_u: 0x82, and: 0x83, or: 0x84,
      xor: 0x85, shl: 0x86, shr_s: 0x87, shr_u: 0x88, rotl: 0x89, rotr: 0x8a,
    },
    'i32 -> i64': { extend_i32_s: 0xac, extend_i32_u: 0xad },
    'f32 -> i64': { trunc_f32_s: 0xae, trunc_f32_u: 0xaf, trunc_sat_f32_s: 0xfc_004, trunc_sat_f32_u: 0xfc_005 },
    'f64 -> i64': {
      trunc_f64_s: 0xb0, trunc_f64_u: 0xb1, reinterpret_f64: 0xbd, trunc_sat_f64_s: 0xfc_006, trunc_sat_f64_u: 0xfc_007,
    },
  },
  f32: {
    'f32 -> f32': { abs: 0x8b, neg: 0x8c, ceil: 0x8d, floor: 0x8e, trunc: 0x8f, nearest: 0x90, sqrt: 0x91 },
    'f32 f32 -> f32': { add: 0x92, sub: 0x93, mul: 0x94, div: 0x95, min: 0x96, max: 0x97, copysign: 0x98 },
    'f32 f32 -> i32': { eq: 0x5b, ne: 0x5c, lt: 0x5d, gt: 0x5e, le: 0x5f, ge: 0x60 },
    'i32 -> f32': { convert_i32_s: 0xb2, convert_i32_u: 0xb3, reinterpret_i32: 0xbe },
    'i64 -> f32': { convert_i64_s: 0xb4, convert_i64_u: 0xb5 },
    'f64 -> f32': { demote_f64: 0xb6 },
  },
  f64: {
    'f64 -> f64': { abs: 0x99, neg: 0x9a, ceil: 0x9b, floor: 0x9c, trunc: 0x9d, nearest: 0x9e, sqrt: 0x9f },
    'f64 f64 -> f64': { add: 0xa0, sub: 0xa1, mul: 0xa2, div: 0xa3, min: 0xa4, max: 0xa5, copysign: 0xa6 },
    'f64 f64 -> i32': { eq: 0x61, ne: 0x62, lt: 0x63, gt: 0x64, le: 0x65, ge: 0x66 },
    'i32 -> f64': { convert_i32_s: 0xb7, convert_i32_u: 0xb8 },
    'i64 -> f64': { convert_i64_s: 0xb9, convert_i64_u: 0xba, reinterpret_i64: 0xbf },
    'f32 -> f64': { promote_f32: 0xbb },
  },
  v128: {
    'v128 -> v128': { not: 0xfd_04d },
    'v128 v128 -> v128': { and: 0xfd_04e, andnot: 0xfd_04f, or: 0xfd_050, xor: 0xfd_051 },
    'v128 v128 v128 -> v128': { bitselect: 0xfd_052 },
    'v128 -> i32': { any_true: 0xfd_053 },
  },
  i8x16: {
    'i32 -> v128': { splat: 0xfd_00f },
    'v128 -> v128': { abs: 0xfd_060, neg: 0xfd_061, popcnt: 0xfd_062 },
    'v128 -> i32': { all_true: 0xfd_063, bitmask: 0xfd_064 },
    'v128 i32 -> v128': { shl: 0xfd_06b, shr_s: 0xfd_06c, shr_u: 0xfd_06d },
    'v128 v128 -> v128': {
      eq: 0xfd_023, ne: 0xfd_024, lt_s: 0xfd_025, lt_u: 0xfd_026, gt_s: 0xfd_027, gt_u: 0xfd_028, le_s: 0xfd_029,
      le_u: 0xfd_02a, ge_s: 0xfd_02b, ge_u: 0xfd_02c, add: 0xfd_06e, add_sat_s: 0xfd_06f, add_sat_u: 0xfd_070,
      sub: 0xfd_071, sub_sat_s: 0xfd_072, sub_sat_u: 0xfd_073, min_s: 0xfd_076, min_u: 0xfd_077, max_s: 0xfd_078,
      max_u: 0xfd_079, avgr_u: 0xfd_07b, swizzle: 0xfd_00e, narrow_i16x8_s: 0xfd_065, narrow_i16x8_u: 0xfd_066,
      relaxed_swizzle: 0xfd_100,
    },
    'v128 v128 v128 -> v128': { relaxed_laneselect: 0xfd_109 },
  },
  i16x8: {
    'i32 -> v128': { splat: 0xfd_010 },
    'v128 -> v128': {
      abs: 0xfd_080, neg: 0xfd_081, extadd_pairwise_i8x16_s: 0xfd_07c, extadd_pairwise_i8x16_u: 0xfd_07d,
      extend_low_i8x16_s: 0xfd_087, extend_high_i8x16_s: 0xfd_088, extend_low_i8x16_u: 0xfd_089,
      extend_high_i8x16_u: 0xfd_08a,
    },
    'v128 -> i32': { all_true: 0xfd_083, bitmask: 0xfd_084 },
    'v128 i32 -> v128': { shl: 0xfd_08b, shr_s: 0xfd_08c, shr_u: 0xfd_08d },
    'v128 v128 -> v128': {
      eq: 0xfd_02d, ne: 0xfd_02e, lt_s: 0xfd_02f, lt_u: 0xfd_030, gt_s: 0xfd_031, gt_u: 0xfd_032, le_s: 0xfd_033,
      le_u: 0xfd_034, ge_s: 0xfd_035, ge_u: 0xfd_036, add: 0xfd_08e, add_sat_s: 0xfd_08f, add_sat_u: 0xfd_090,
      sub: 0xfd_091, sub_sat_s: 0xfd_092, sub_sat_u: 0xfd_093, mul: 0xfd_095, min_s: 0xfd_096, min_u: 0xfd_097,
      max_s: 0xfd_098, max_u: 0xfd_099, avgr_u: 0xfd_09b, narrow_i32x4_s: 0xfd_085, narrow_i32x4_u: 0xfd_086,
      q15mulr_sat_s: 0xfd_082, extmul_low_i8x16_s: 0xfd_09c, extmul_high_i8x16_s: 0xfd_09d,
      extmul_low_i8x16_u: 0xfd_09e, extmul_high_i8x16_u: 0xfd_09f, relaxed_q15mulr_s: 0xfd_111,
      relaxed_dot_i8x16_i7x16_s: 0xfd_112,
    },
    'v128 v128 v128 -> v128': { relaxed_laneselect: 0xfd_10a },
  },
  i32x4: {
    'i32 -> v128': { splat: 0xfd_011 },
    'v128 -> v128': {
      abs: 0xfd_0a0, neg: 0xfd_0a1, extadd_pairwise_i16x8_s: 0xfd_07e, extadd_pairwise_i16x8_u: 0xfd_07f,
      extend_low_i16x8_s: 0xfd_0a7, extend_high_i16x8_s: 0xfd_0a8, extend_low_i16x8_u: 0xfd_0a9,
      extend_high_i16x8_u: 0xfd_0aa, trunc_sat_f32x4_s: 0xfd_0f8, trunc_sat_f32x4_u: 0xfd_0f9,
      trunc_sat_f64x2_s_zero: 0xfd_0fc, trunc_sat_f64x2_u_zero: 0xfd_0fd, relaxed_trunc_f32x4_s: 0xfd_101,
      relaxed_trunc_f32x4_u: 0xfd_102, relaxed_trunc_f64x2_s_zero: 0xfd_103, relaxed_trunc_f64x2_u_zero: 0xfd_104,
    },
    'v128 -> i32': { all_true: 0xfd_0a3, bitmask: 0xfd_0a4 },
    'v128 i32 -> v128': { shl: 0xfd_0ab, shr_s: 0xfd_0ac, shr_u: 0xfd_0ad },
    'v128 v128 -> v128': {
      eq: 0xfd_037, ne: 0xfd_038, lt_s: 0xfd_039, lt_u: 0xfd_03a, gt_s: 0xfd_03b, gt_u: 0xfd_03c, le_s: 0xfd_03d,
      le_u: 0xfd_03e, ge_s: 0xfd_03f, ge_u: 0xfd_040, add: 0xfd_0ae, sub: 0xfd_0b1, mul: 0xfd_0b5, min_s: 0xfd_0b6,
      min_u: 0xfd_0b7, max_s: 0xfd_0b8, max_u: 0xfd_0b9, dot_i16x8_s: 0xfd_0ba, extmul_low_i16x8_s: 0xfd_0bc,
      extmul_high_i16x8_s: 0xfd_0bd, extmul_low_i16x8_u: 0xfd_0be, extmul_high_i16x8_u: 0xfd_0bf,
    },
    'v128 v128 v128 -> v128': { relaxed_laneselect: 0xfd_10b, relaxed_dot_i8x16_i7x16_add_s: 0xfd_113 },
  },
  i64x2: {
    'i64 -> v128': { splat: 0xfd_012 },
    'v128 -> v128': {
      abs: 0xfd_0c0, neg: 0xfd_0c1, extend_low_i32x4_s: 0xfd_0c7, extend_high_i32x4_s: 0xfd_0c8,
      extend_low_i32x4_u: 0xfd_0c9, extend_high_i32x4_u: 0xfd_0ca,
    },
    'v128 -> i32': { all_true: 0xfd_0c3, bitmask: 0xfd_0c4 },
    'v128 i32 -> v128': { shl: 0xfd_0cb, shr_s: 0xfd_0cc, shr_u: 0xfd_0cd },
    'v128 v128 -> v128': {
      eq: 0xfd_0d6, ne: 0xfd_0d7, lt_s: 0xfd_0d8, gt_s: 0xfd_0d9, le_s: 0xfd_0da, ge_s: 0xfd_0db, add: 0xfd_0ce,
      sub: 0xfd_0d1, mul: 0xfd_0d5, extmul_low_i32x4_s: 0xfd_0dc, extmul_high_i32x4_s: 0xfd_0dd,
      extmul_low_i32x4_u: 0xfd_0de, extmul_high_i32x4_u: 0xfd_0df,
    },
    'v128 v128 v128 -> v128': { relaxed_laneselect: 0xfd_10c },
  },
  f32x4: {
    'f32 -> v128': { splat: 0xfd_013 },
    'v128 -> v128': {
      ceil: 0xfd_067, floor: 0xfd_068, trunc: 0xfd_069, nearest: 0xfd_06a, abs: 0xfd_0e0, neg: 0xfd_0e1, sqrt: 0xfd_0e3,
      demote_f64x2_zero: 0xfd_05e, convert_i32x4_s: 0xfd_0fa, convert_i32x4_u: 0xfd_0fb,
    },
    'v128 v128 -> v128': {
      eq: 0xfd_041, ne: 0xfd_042, lt: 0xfd_043, gt: 0xfd_044, le: 0xfd_045, ge: 0xfd_046, add: 0xfd_0e4, sub: 0xfd_0e5,
      mul: 0xfd_0e6, div: 0xfd_0e7, min: 0xfd_0e8, max: 0xfd_0e9, pmin: 0xfd_0ea, pmax: 0xfd_0eb, relaxed_min: 0xfd_10d,
      relaxed_max: 0xfd_10e,
    },
    'v128 v128 v128 -> v128': { relaxed_madd: 0xfd_105, relaxed_nmadd: 0xfd_106 },
  },
  f64x2: {
    'f64 -> v128': { splat: 0xfd_014 },
    'v128 -> v128': {
      ceil: 0xfd_074, floor: 0xfd_075, trunc: 0xfd_07a, nearest: 0xfd_094, abs: 0xfd_0ec, neg: 0xfd_0ed, sqrt: 0xfd_0ef,
      promote_low_f32x4: 0xfd_05f, convert_low_i32x4_s: 0xfd_0fe, convert_low_i32x4_u: 0xfd_0ff,
    },
    'v128 v128 -> v128': {
      eq: 0xfd_047, ne: 0xfd_048, lt: 0xfd_049, gt: 0xfd_04a, le: 0xfd_04b, ge: 0xfd_04c, add: 0xfd_0f0, sub: 0xfd_0f1,
      mul: 0xfd_0f2, div: 0xfd_0f3, min: 0xfd_0f4, max: 0xfd_0f5, pmin: 0xfd_0f6, pmax: 0xfd_0f7, relaxed_min: 0xfd_10f,
      relaxed_max: 0xfd_110,
    },
    'v128 v128 v128 -> v128': { relaxed_madd: 0xfd_107, relaxed_nmadd: 0xfd_108 },
  },
} as const

/** Loads and stores: [opcode, bytes accessed], the latter being the natural alignment too. The first operand is the address. */
// biome-ignore format: related ones stand on one line
export const memoryOpcodes = {
  i32: {
    'i32 -> i32': { load: [0x28, 4], load8_s: [0x2c, 1], load8_u: [0x2d, 1], load16_s: [0x2e, 2], load16_u: [0x2f, 2] },
    'i32 i32 -> none': { store: [0x36, 4], store8: [0x3a, 1], store16: [0x3b, 2] },
  },
  i64: {
    'i32 -> i64': {
      load: [0x29, 8], load8_s: [0x30, 1], load8_u: [0x31, 1], load16_s: [0x32, 2], load16_u: [0x33, 2],
      load32_s: [0x34, 4], load32_u: [0x35, 4],
    },
    'i32 i64 -> none': { store: [0x37, 8], store8: [0x3c, 1], store16: [0x3d, 2], store32: [0x3e, 4] },
  },
  f32: { 'i32 -> f32': { load: [0x2a, 4] }, 'i32 f32 -> none': { store: [0x38, 4] } },
  f64: { 'i32 -> f64': { load: [0x2b, 8] }, 'i32 f64 -> none': { store: [0x39, 8] } },
  v128: {
    'i32 -> v128': {
      load: [0xfd_000, 16], load8x8_s: [0xfd_001, 8], load8x8_u: [0xfd_002, 8], load16x4_s: [0xfd_003, 8],
      load16x4_u: [0xfd_004, 8], load32x2_s: [0xfd_005, 8], load32x2_u: [0xfd_006, 8], load8_splat: [0xfd_007, 1],
      load16_splat: [0xfd_008, 2], load32_splat: [0xfd_009, 4], load64_splat: [0xfd_00a, 8], load32_zero: [0xfd_05c, 4],
      load64_zero: [0xfd_05d, 8],
    },
    'i32 v128 -> none': { store: [0xfd_00b, 16] },
  },
  'i32.atomic': {
    'i32 -> i32': { load: [0xfe_010, 4], load8_u: [0xfe_012, 1], load16_u: [0xfe_013, 2] },
    'i32 i32 -> none': { store: [0xfe_017, 4], store8: [0xfe_019, 1], store16: [0xfe_01a, 2] },
  },
  'i64.atomic': {
    'i32 -> i64': { load: [0xfe_011, 8], load8_u: [0xfe_014, 1], load16_u: [0xfe_015, 2], load32_u: [0xfe_016, 4] },
    'i32 i64 -> none': { store: [0xfe_018, 8], store8: [0xfe_01b, 1], store16: [0xfe_01c, 2], store32: [0xfe_01d, 4] },
  },
  'i32.atomic.rmw': {
    'i32 i32 -> i32': {
      add: [0xfe_01e, 4], sub: [0xfe_025, 4], and: [0xfe_02c, 4], or: [0xfe_033, 4], xor: [0xfe_03a, 4],
      xchg: [0xfe_041, 4],
    },
    'i32 i32 i32 -> i32': { cmpxchg: [0xfe_048, 4] },
  },
  'i32.atomic.rmw8': {
    'i32 i32 -> i32': {
      add_u: [0xfe_020, 1], sub_u: [0xfe_027, 1], and_u: [0xfe_02e, 1], or_u: [0xfe_035, 1], xor_u: [0xfe_03c, 1],
      xchg_u: [0xfe_043, 1],
    },
    'i32 i32 i32 -> i32': { cmpxchg_u: [0xfe_04a, 1] },
  },
  'i32.atomic.rmw16': {
    'i32 i32 -> i32': {
      add_u: [0xfe_021, 2], sub_u: [0xfe_028, 2], and_u: [0xfe_02f, 2], or_u: [0xfe_036, 2], xor_u: [0xfe_03d, 2],
      xchg_u: [0xfe_044, 2],
    },
    'i32 i32 i32 -> i32': { cmpxchg_u: [0xfe_04b, 2] },
  },
  'i64.atomic.rmw': {
    'i32 i64 -> i64': {
      add: [0xfe_01f, 8], sub: [0xfe_026, 8], and: [0xfe_02d, 8], or: [0xfe_034, 8], xor: [0xfe_03b, 8],
      xchg: [0xfe_042, 8],
    },
    'i32 i64 i64 -> i64': { cmpxchg: [0xfe_049, 8] },
  },
  'i64.atomic.rmw8': {
    'i32 i64 -> i64': {
      add_u: [0xfe_022, 1], sub_u: [0xfe_029, 1], and_u: [0xfe_030, 1], or_u: [0xfe_037, 1], xor_u: [0xfe_03e, 1],
      xchg_u: [0xfe_045, 1],
    },
    'i32 i64 i64 -> i64': { cmpxchg_u: [0xfe_04c, 1] },
  },
  'i64.atomic.rmw16': {
    'i32 i64 -> i64': {
      add_u: [0xfe_023, 2], sub_u: [0xfe_02a, 2], and_u: [0xfe_031, 2], or_u: [0xfe_038, 2], xor_u: [0xfe_03f, 2],
      xchg_u: [0xfe_046, 2],
    },
    'i32 i64 i64 -> i64': { cmpxchg_u: [0xfe_04d, 2] },
  },
  'i64.atomic.rmw32': {
    'i32 i64 -> i64': {
      add_u: [0xfe_024, 4], sub_u: [0xfe_02b, 4], and_u: [0xfe_032, 4], or_u: [0xfe_039, 4], xor_u: [0xfe_040, 4],
      xchg_u: [0xfe_047, 4],
    },
    'i32 i64 i64 -> i64': { cmpxchg_u: [0xfe_04e, 4] },
  },
  'memory.atomic': {
    'i32 i32 -> i32': { notify: [0xfe_000, 4] },
    'i32 i32 i64 -> i32': { wait32: [0xfe_001, 4] },
    'i32 i64 i64 -> i32': { wait64: [0xfe_002, 8] },
  },
} as const

/** Access to one lane of a vector: [opcode, number of lanes]. */
// biome-ignore format: related ones stand on one line
export const laneOpcodes = {
  i8x16: {
    'v128 -> i32': { extract_lane_s: [0xfd_015, 16], extract_lane_u: [0xfd_016, 16] },
    'v128 i32 -> v128': { replace_lane: [0xfd_017, 16] },
  },
  i16x8: {
    'v128 -> i32': { extract_lane_s: [0xfd_018, 8], extract_lane_u: [0xfd_019, 8] },
    'v128 i32 -> v128': { replace_lane: [0xfd_01a, 8] },
  },
  i32x4: { 'v128 -> i32': { extract_lane: [0xfd_01b, 4] }, 'v128 i32 -> v128': { replace_lane: [0xfd_01c, 4] } },
  i64x2: { 'v128 -> i64': { extract_lane: [0xfd_01d, 2] }, 'v128 i64 -> v128': { replace_lane: [0xfd_01e, 2] } },
  f32x4: { 'v128 -> f32': { extract_lane: [0xfd_01f, 4] }, 'v128 f32 -> v128': { replace_lane: [0xfd_020, 4] } },
  f64x2: { 'v128 -> f64': { extract_lane: [0xfd_021, 2] }, 'v128 f64 -> v128': { replace_lane: [0xfd_022, 2] } },
} as const

/** One lane of a vector to or from memory: [opcode, bytes accessed]. */
// biome-ignore format: related ones stand on one line
export const memoryLaneOpcodes = {
  v128: {
    'i32 v128 -> v128': {
      load8_lane: [0xfd_054, 1], load16_lane: [0xfd_055, 2], load32_lane: [0xfd_056, 4], load64_lane: [0xfd_057, 8],
    },
    'i32 v128 -> none': {
      store8_lane: [0xfd_058, 1], store16_lane: [0xfd_059, 2], store32_lane: [0xfd_05a, 4], store64_lane: [0xfd_05b, 8],
    },
  },
} as const

/** The rest, each with an encoding of its own. */
// biome-ignore format: related ones stand on one line
export const specialOpcodes = {
  unreachable: 0x00, block: 0x02, loop: 0x03, if: 0x04, br: 0x0c, br_if: 0x0d, br_table: 0x0e, return: 0x0f, call: 0x10,
  call_indirect: 0x11, drop: 0x1a, select: 0x1b, 'local.get': 0x20, 'local.set': 0x21, 'local.tee': 0x22,
  'global.get': 0x23, 'global.set': 0x24, 'i32.const': 0x41, 'i64.const': 0x42, 'f32.const': 0x43, 'f64.const': 0x44,
  'v128.const': 0xfd_00c, 'i8x16.shuffle': 0xfd_00d, 'memory.size': 0x3f, 'memory.grow': 0x40, 'memory.init': 0xfc_008,
  'data.drop': 0xfc_009, 'memory.copy': 0xfc_00a, 'memory.fill': 0xfc_00b, 'atomic.fence': 0xfe_003,
} as const

/** The bytes that stand for types, and the two that shape control instructions. */
export const typeCodes = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c, v128: 0x7b, none: 0x40 } as const
export const elseCode = 0x05
export const endCode = 0x0b
