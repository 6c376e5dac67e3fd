// SPDX-License-Identifier: Apache-2.0
// Unpacking of residues, four at a time: two neighbours lie in 16 bytes. Packing of four blocks at a time, one in each lane.
#include "kernels/avx2.h"
#include "kernels/avx2_lanes.h"
#include "kernels/scalar.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

/// How residues 2i and 2i + 1 of a group of eight come out of the 16 bytes from byte `start[i]` of the group on.
struct Pairs {
  std::size_t start[4];
  alignas(16) u8 bytes[4][16];  ///< for each residue the eight bytes from its first bit's byte on
  alignas(16) u64 shift[4][2];
};

Pairs pairs_of(std::size_t width) {
  Pairs p;
  for (std::size_t i = 0; i < 4; ++i) {
    p.start[i] = 2 * i * width / 8;
    for (std::size_t half = 0; half < 2; ++half) {
      const std::size_t bit = (2 * i + half) * width;
      p.shift[i][half] = bit % 8;
      for (std::size_t k = 0; k < 8; ++k) {
        const std::size_t byte = bit / 8 - p.start[i] + k;
        p.bytes[i][8 * half + k] = byte < 16 ? static_cast<u8>(byte) : 0x80;  // bytes past the 16 hold none of its bits
      }
    }
  }
  return p;
}

TACET_INLINE __m256i two(const void* low, const void* high) {
  const __m128i a = _mm_loadu_si128(static_cast<const __m128i*>(low)),
                b = _mm_loadu_si128(static_cast<const __m128i*>(high));
  return _mm256_inserti128_si256(_mm256_castsi128_si256(a), b, 1);
}

/// Residues whose bits end where a 64-bit word ends, of every width.
constexpr std::size_t kBlock = 64;

/// Words k..k+3 of four blocks in a row: lane l of words[j] is word k + j of block l.
TACET_INLINE void load_blocks(__m256i* words, const u64* x, std::size_t k) {
  const auto row = [x, k](std::size_t l) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(x + l * kBlock + k)); };
  const __m256i a = row(0), b = row(1), c = row(2), d = row(3);
  const __m256i ab0 = _mm256_unpacklo_epi64(a, b), ab1 = _mm256_unpackhi_epi64(a, b), cd0 = _mm256_unpacklo_epi64(c, d),
                cd1 = _mm256_unpackhi_epi64(c, d);
  words[0] = _mm256_permute2x128_si256(ab0, cd0, 0x20);
  words[1] = _mm256_permute2x128_si256(ab1, cd1, 0x20);
  words[2] = _mm256_permute2x128_si256(ab0, cd0, 0x31);
  words[3] = _mm256_permute2x128_si256(ab1, cd1, 0x31);
}

/// Lane l to out + l * stride.
TACET_INLINE void store_lanes(u8* out, std::size_t stride, __m256i words) {
  const __m128i low = _mm256_castsi256_si128(words), high = _mm256_extracti128_si256(words, 1);
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out), low);
  _mm_storeh_pd(reinterpret_cast<double*>(out + stride), _mm_castsi128_pd(low));
  _mm_storel_epi64(reinterpret_cast<__m128i*>(out + 2 * stride), high);
  _mm_storeh_pd(reinterpret_cast<double*>(out + 3 * stride), _mm_castsi128_pd(high));
}

}  // namespace

void pack(u8* out, const u64* x, std::size_t n, int bits) {
  const std::size_t stride = kBlock / 8 * static_cast<std::size_t>(bits), groups = n / (4 * kBlock);
  for (std::size_t g = 0; g < groups; ++g) {
    u8* to = out + 4 * g * stride;
    __m256i pending = _mm256_setzero_si256();
    int held = 0;
    for (std::size_t k = 0; k < kBlock; k += 4) {
      __m256i words[4];
      load_blocks(words, x + 4 * g * kBlock, k);
#pragma GCC unroll 4
      for (const __m256i word : words) {
        pending = _mm256_or_si256(pending, _mm256_sll_epi64(word, _mm_cvtsi32_si128(held)));
        held += bits;
        if (held < 64) continue;
        store_lanes(to, stride, pending);
        to += 8;
        held -= 64;
        pending = _mm256_srl_epi64(word, _mm_cvtsi32_si128(bits - held));
      }
    }
  }
  scalar::pack(out + 4 * groups * stride, x + 4 * groups * kBlock, n - 4 * groups * kBlock, bits);
}

bool unpack(u64* out, const u8* in, std::size_t n, int bits, u64 q) {
  const std::size_t width = static_cast<std::size_t>(bits), size = (n * width + 7) / 8;
  const Pairs p = pairs_of(width);
  const __m256i mask = integers((u64{1} << bits) - 1), largest = integers(q - 1);
  // whole groups whose last 16 bytes are inside
  std::size_t groups = size < p.start[3] + 16 ? 0 : (size - p.start[3] - 16) / width + 1;
  if (groups > n / 8) groups = n / 8;
  __m256i above = _mm256_setzero_si256();
  for (std::size_t g = 0; g < groups; ++g) {
    const u8* from = in + g * width;
#pragma GCC unroll 2
    for (int i = 0; i < 4; i += 2) {
      const __m256i words =
          _mm256_shuffle_epi8(two(from + p.start[i], from + p.start[i + 1]), two(p.bytes[i], p.bytes[i + 1]));
      const __m256i r = _mm256_and_si256(_mm256_srlv_epi64(words, two(p.shift[i], p.shift[i + 1])), mask);
      above = _mm256_or_si256(above, _mm256_cmpgt_epi64(r, largest));
      _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + 8 * g + 2 * static_cast<std::size_t>(i)), r);
    }
  }
  const bool rest = scalar::unpack(out + 8 * groups, in + groups * width, n - 8 * groups, bits, q);
  return rest && _mm256_testz_si256(above, above) != 0;
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
