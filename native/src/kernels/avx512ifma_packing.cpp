// SPDX-License-Identifier: Apache-2.0
// Packing of residues: eight of them are `bits` whole bytes.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/scalar.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

constexpr std::size_t kVectorBytes = 64;

/// Groups of eight for which a whole vector from their first byte on stays inside `bytes`.
TACET_INLINE std::size_t whole_groups(std::size_t n, std::size_t bits) {
  const std::size_t bytes = (n * bits + 7) / 8;
  return bytes < kVectorBytes ? 0 : (bytes - kVectorBytes) / bits + 1;
}

}  // namespace

void pack(u8* out, const u64* x, std::size_t n, int bits) {
  if (bits < 32) return scalar::pack(out, x, n, bits);
  // Word k of a packed group has its bits from residues j, j+1 and j+2 of the group, j = floor(64 k / bits).
  const std::size_t width = static_cast<std::size_t>(bits);
  u64 index[3][kLanes], shift[3][kLanes];
  for (std::size_t k = 0; k < kLanes; ++k) {
    for (std::size_t t = 0; t < 3; ++t) {
      const std::size_t j = 64 * k / width + t;
      index[t][k] = j;
      shift[t][k] = j >= kLanes ? 64 : t == 0 ? 64 * k - j * width : j * width - 64 * k;  // 64 shifts all out
    }
  }
  const Lanes i0 = load(index[0]), i1 = load(index[1]), i2 = load(index[2]);
  const Lanes s0 = load(shift[0]), s1 = load(shift[1]), s2 = load(shift[2]);
  std::size_t groups = whole_groups(n, width);
  if (groups > n / kLanes) groups = n / kLanes;
  for (std::size_t g = 0; g < groups; ++g) {
    const Lanes v = load(x + g * kLanes);
    const Lanes first = _mm512_srlv_epi64(_mm512_permutexvar_epi64(i0, v), s0);
    const Lanes second = _mm512_sllv_epi64(_mm512_permutexvar_epi64(i1, v), s1);
    const Lanes third = _mm512_sllv_epi64(_mm512_permutexvar_epi64(i2, v), s2);
    // zeros after the group's bytes, where the next group goes
    _mm512_storeu_si512(out + g * width, _mm512_or_si512(_mm512_or_si512(first, second), third));
  }
  scalar::pack(out + groups * width, x + groups * kLanes, n - groups * kLanes, bits);
}

bool unpack(u64* out, const u8* in, std::size_t n, int bits, u64 q) {
  const std::size_t width = static_cast<std::size_t>(bits);
  u64 index[kLanes], shift[kLanes];
  for (std::size_t j = 0; j < kLanes; ++j) {
    index[j] = j * width / 64;
    shift[j] = j * width % 64;
  }
  const Lanes low = load(index), high = add(low, splat(1)), down = load(shift), up = sub(splat(64), down);
  const Lanes mask = splat((u64{1} << bits) - 1), largest = splat(q - 1);
  std::size_t groups = whole_groups(n, width);
  if (groups > n / kLanes) groups = n / kLanes;
  Lanes most = zero();
  for (std::size_t g = 0; g < groups; ++g) {
    const Lanes words = _mm512_loadu_si512(in + g * width);
    const Lanes a = _mm512_srlv_epi64(_mm512_permutexvar_epi64(low, words), down);
    const Lanes b = _mm512_sllv_epi64(_mm512_permutexvar_epi64(high, words), up);
    const Lanes r = _mm512_and_si512(_mm512_or_si512(a, b), mask);
    most = _mm512_max_epu64(most, r);
    store(out + g * kLanes, r);
  }
  const bool rest = scalar::unpack(out + groups * kLanes, in + groups * width, n - groups * kLanes, bits, q);
  return rest && _mm512_cmpgt_epu64_mask(most, largest) == 0;
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
