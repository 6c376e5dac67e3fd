// SPDX-License-Identifier: Apache-2.0
// ChaCha20, eight blocks side by side: vector i holds word i of each block.
#include <cstring>

#include "kernels/avx2.h"
#include "kernels/target.h"
#include "util/secret_memory.h"

#if TACET_X86
#include <immintrin.h>

TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

using Words = __m256i;  // eight 32-bit lanes
constexpr std::size_t kBlocks = 8;

template <int kBits>
TACET_INLINE Words rotate_left(Words x) {
  return _mm256_or_si256(_mm256_slli_epi32(x, kBits), _mm256_srli_epi32(x, 32 - kBits));
}

/// Shuffles of bytes that rotate each lane.
struct ByteRotations {
  Words by16, by8;
};

TACET_INLINE ByteRotations byte_rotations() {
  const __m128i by16 = _mm_set_epi8(13, 12, 15, 14, 9, 8, 11, 10, 5, 4, 7, 6, 1, 0, 3, 2);
  const __m128i by8 = _mm_set_epi8(14, 13, 12, 15, 10, 9, 8, 11, 6, 5, 4, 7, 2, 1, 0, 3);
  return {_mm256_broadcastsi128_si256(by16), _mm256_broadcastsi128_si256(by8)};
}

TACET_INLINE void quarter_round(Words& a, Words& b, Words& c, Words& d, const ByteRotations& r) {
  a = _mm256_add_epi32(a, b);
  d = _mm256_shuffle_epi8(_mm256_xor_si256(d, a), r.by16);
  c = _mm256_add_epi32(c, d);
  b = rotate_left<12>(_mm256_xor_si256(b, c));
  a = _mm256_add_epi32(a, b);
  d = _mm256_shuffle_epi8(_mm256_xor_si256(d, a), r.by8);
  c = _mm256_add_epi32(c, d);
  b = rotate_left<7>(_mm256_xor_si256(b, c));
}

/// Half k of result j is words 0..3 of block 4k+j.
TACET_INLINE void transpose_halves(Words* v) {
  const Words a = _mm256_unpacklo_epi32(v[0], v[1]), b = _mm256_unpackhi_epi32(v[0], v[1]);
  const Words c = _mm256_unpacklo_epi32(v[2], v[3]), d = _mm256_unpackhi_epi32(v[2], v[3]);
  v[0] = _mm256_unpacklo_epi64(a, c);
  v[1] = _mm256_unpackhi_epi64(a, c);
  v[2] = _mm256_unpacklo_epi64(b, d);
  v[3] = _mm256_unpackhi_epi64(b, d);
}

void eight_blocks(u8* out, const u32* state, u32 skipped) {
  const Words counters = _mm256_add_epi32(_mm256_set1_epi32(static_cast<int>(state[12] + skipped)),
                                          _mm256_set_epi32(7, 6, 5, 4, 3, 2, 1, 0));
  const ByteRotations r = byte_rotations();
  Words x[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) x[i] = i == 12 ? counters : _mm256_set1_epi32(static_cast<int>(state[i]));
  for (int round = 0; round < 10; ++round) {
    quarter_round(x[0], x[4], x[8], x[12], r);
    quarter_round(x[1], x[5], x[9], x[13], r);
    quarter_round(x[2], x[6], x[10], x[14], r);
    quarter_round(x[3], x[7], x[11], x[15], r);
    quarter_round(x[0], x[5], x[10], x[15], r);
    quarter_round(x[1], x[6], x[11], x[12], r);
    quarter_round(x[2], x[7], x[8], x[13], r);
    quarter_round(x[3], x[4], x[9], x[14], r);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i)
    x[i] = _mm256_add_epi32(x[i], i == 12 ? counters : _mm256_set1_epi32(static_cast<int>(state[i])));
#pragma GCC unroll 4
  for (int i = 0; i < 16; i += 4) transpose_halves(x + i);
#pragma GCC unroll 4
  for (int j = 0; j < 4; ++j) {  // the halves of x[j], x[4+j], x[8+j], x[12+j] are those of blocks j and 4+j
#pragma GCC unroll 2
    for (int i = 0; i < 2; ++i) {
      const Words a = x[8 * i + j], b = x[8 * i + 4 + j];
      _mm256_storeu_si256(reinterpret_cast<Words*>(out + 64 * j + 32 * i), _mm256_permute2x128_si256(a, b, 0x20));
      _mm256_storeu_si256(reinterpret_cast<Words*>(out + 64 * (4 + j) + 32 * i), _mm256_permute2x128_si256(a, b, 0x31));
    }
  }
}

}  // namespace

void chacha20(u8* out, const u32* state, std::size_t blocks) {
  std::size_t done = 0;
  for (; done + kBlocks <= blocks; done += kBlocks) eight_blocks(out + 64 * done, state, static_cast<u32>(done));
  if (done < blocks) {
    u8 last[64 * kBlocks];
    eight_blocks(last, state, static_cast<u32>(done));
    std::memcpy(out + 64 * done, last, 64 * (blocks - done));
    secure_zero(last, sizeof last);
  }
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
