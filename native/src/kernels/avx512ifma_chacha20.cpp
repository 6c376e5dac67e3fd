// SPDX-License-Identifier: Apache-2.0
// ChaCha20, sixteen blocks side by side: vector i holds word i of each block.
#include <cstring>

#include "kernels/avx512ifma.h"
#include "kernels/scalar.h"
#include "kernels/target.h"
#include "util/secret_memory.h"

#if TACET_X86
#include <immintrin.h>

TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

using Words = __m512i;  // sixteen 32-bit lanes
constexpr std::size_t kBlocks = 16;

TACET_INLINE void quarter_round(Words& a, Words& b, Words& c, Words& d) {
  a = _mm512_add_epi32(a, b);
  d = _mm512_rol_epi32(_mm512_xor_si512(d, a), 16);
  c = _mm512_add_epi32(c, d);
  b = _mm512_rol_epi32(_mm512_xor_si512(b, c), 12);
  a = _mm512_add_epi32(a, b);
  d = _mm512_rol_epi32(_mm512_xor_si512(d, a), 8);
  c = _mm512_add_epi32(c, d);
  b = _mm512_rol_epi32(_mm512_xor_si512(b, c), 7);
}

/// Four vectors of four blocks each to four words of one block in each quarter: quarter k of result j is words 0..3 of
/// block 4k+j.
TACET_INLINE void transpose_quarters(Words* v) {
  const Words a = _mm512_unpacklo_epi32(v[0], v[1]), b = _mm512_unpackhi_epi32(v[0], v[1]);
  const Words c = _mm512_unpacklo_epi32(v[2], v[3]), d = _mm512_unpackhi_epi32(v[2], v[3]);
  v[0] = _mm512_unpacklo_epi64(a, c);
  v[1] = _mm512_unpackhi_epi64(a, c);
  v[2] = _mm512_unpacklo_epi64(b, d);
  v[3] = _mm512_unpackhi_epi64(b, d);
}

void sixteen_blocks(u8* out, const u32* state, u32 skipped) {
  const Words counters = _mm512_add_epi32(_mm512_set1_epi32(static_cast<int>(state[12] + skipped)),
                                          _mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0));
  Words x[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) x[i] = i == 12 ? counters : _mm512_set1_epi32(static_cast<int>(state[i]));
  for (int round = 0; round < 10; ++round) {
    quarter_round(x[0], x[4], x[8], x[12]);
    quarter_round(x[1], x[5], x[9], x[13]);
    quarter_round(x[2], x[6], x[10], x[14]);
    quarter_round(x[3], x[7], x[11], x[15]);
    quarter_round(x[0], x[5], x[10], x[15]);
    quarter_round(x[1], x[6], x[11], x[12]);
    quarter_round(x[2], x[7], x[8], x[13]);
    quarter_round(x[3], x[4], x[9], x[14]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    x[i] = _mm512_add_epi32(x[i], i == 12 ? counters : _mm512_set1_epi32(static_cast<int>(state[i])));
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) transpose_quarters(x + i);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {  // the quarters of x[j], x[4+j], x[8+j], x[12+j] are those of blocks j, 4+j, 8+j, 12+j
    const Words a = _mm512_shuffle_i32x4(x[j], x[4 + j], 0x44), b = _mm512_shuffle_i32x4(x[j], x[4 + j], 0xee);
    const Words c = _mm512_shuffle_i32x4(x[8 + j], x[12 + j], 0x44),
                d = _mm512_shuffle_i32x4(x[8 + j], x[12 + j], 0xee);
    _mm512_storeu_si512(out + 64 * j, _mm512_shuffle_i32x4(a, c, 0x88));
    _mm512_storeu_si512(out + 64 * (4 + j), _mm512_shuffle_i32x4(a, c, 0xdd));
    _mm512_storeu_si512(out + 64 * (8 + j), _mm512_shuffle_i32x4(b, d, 0x88));
    _mm512_storeu_si512(out + 64 * (12 + j), _mm512_shuffle_i32x4(b, d, 0xdd));
  }
}

}  // namespace

void chacha20(u8* out, const u32* state, std::size_t blocks) {
  std::size_t done = 0;
  for (; done + kBlocks <= blocks; done += kBlocks) sixteen_blocks(out + 64 * done, state, static_cast<u32>(done));
  if (done < blocks) {
    u8 last[64 * kBlocks];
    sixteen_blocks(last, state, static_cast<u32>(done));
    std::memcpy(out + 64 * done, last, 64 * (blocks - done));
    secure_zero(last, sizeof last);
  }
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
