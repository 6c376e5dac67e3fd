// SPDX-License-Identifier: Apache-2.0
// Element-wise arithmetic in 52-bit lanes.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

/// Barrett reduction of products P < 2^(2 bits + 1) as Modulus::reduce does it: the quotient is up to 2 too small.
struct ProductReduction {
  Constants c;
  Lanes two_q;
  Lanes quotient;  ///< floor(2^(51 + bits) / q), below 2^52
  __m128i shift;   ///< 51 - bits

  explicit TACET_INLINE ProductReduction(const Modulus& m)
      : c(m.value),
        two_q(splat(2 * m.value)),
        quotient(splat(m.barrett >> 12)),
        shift(_mm_cvtsi32_si128(51 - m.bits)) {}

  /// a b + addend mod q in [0, q); a < 2q, b <= q, addend < q.
  TACET_INLINE Lanes operator()(Lanes a, Lanes b, Lanes addend) const {
    // the factors are shifted by 53 - bits together, so that the high half of their product is floor(P / 2^(bits - 1))
    const Lanes head = add_high(zero(), _mm512_sll_epi64(a, shift), _mm512_slli_epi64(b, 2));
    const Lanes low = add_low(addend, a, b);
    const Lanes r = _mm512_and_si512(add_low(low, add_high(zero(), head, quotient), c.minus_q), c.low52);  // below 4q
    return subtract_if_at_least(subtract_if_at_least(r, two_q), c.q);
  }
};

}  // namespace

void add(u64* out, const u64* a, const u64* b, std::size_t n, u64 q) {
  const Lanes modulus = splat(q);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, subtract_if_at_least(add(load(a + i), load(b + i)), modulus));
}

void subtract(u64* out, const u64* a, const u64* b, std::size_t n, u64 q) {
  const Lanes modulus = splat(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Lanes r = sub(load(a + i), load(b + i));
    store(out + i, _mm512_min_epu64(r, add(r, modulus)));  // a negative r is a huge word
  }
}

void negate(u64* out, const u64* a, std::size_t n, u64 q) {
  const Lanes modulus = splat(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Lanes x = load(a + i);
    store(out + i, _mm512_maskz_sub_epi64(_mm512_test_epi64_mask(x, x), modulus, x));
  }
}

void multiply(u64* out, const u64* a, const u64* b, std::size_t n, const Modulus& q) {
  const ProductReduction reduce(q);
  for (std::size_t i = 0; i < n; i += kLanes) store(out + i, reduce(load(a + i), load(b + i), zero()));
}

void multiply_add(u64* out, const u64* a, const u64* b, const u64* c, std::size_t n, const Modulus& q) {
  const ProductReduction reduce(q);
  for (std::size_t i = 0; i < n; i += kLanes) store(out + i, reduce(load(a + i), load(b + i), load(c + i)));
}

void subtract_product(u64* out, const u64* c, const u64* a, const u64* b, std::size_t n, const Modulus& q) {
  const ProductReduction reduce(q);
  for (std::size_t i = 0; i < n; i += kLanes) store(out + i, reduce(load(a + i), sub(reduce.c.q, load(b + i)), load(c + i)));
}

void multiply_constant(u64* out, const u64* a, u64 w, u64 w_shoup, std::size_t n, u64 q) {
  if (q <= kSmallestWide) return scalar_kernels().multiply_constant(out, a, w, w_shoup, n, q);
  const Constants c(q);
  const WideReduction narrow(q);
  const Factor f = splat_factor(w, w_shoup);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, finish(multiply(narrow(load(a + i), c), f, zero(), c), c));
}

void subtract_multiply_constant(u64* out, const u64* a, const u64* b, u64 w, u64 w_shoup, std::size_t n, u64 q) {
  const Constants c(q);
  const Factor f = splat_factor(w, w_shoup);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, finish(multiply(add(sub(load(a + i), load(b + i)), c.q), f, zero(), c), c));
}

void reduce(u64* out, const u64* a, std::size_t n, const Modulus& modulus) {
  if (modulus.value <= kSmallestWide) return scalar_kernels().reduce(out, a, n, modulus);
  const Constants c(modulus.value);
  const WideReduction narrow(modulus.value);
  const Lanes two_q = splat(2 * modulus.value);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const Lanes r = _mm512_and_si512(narrow(load(a + i), c), c.low52);
    store(out + i, subtract_if_at_least(subtract_if_at_least(r, two_q), c.q));
  }
}

void gather(u64* out, const u64* a, const u32* permutation, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i words = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(permutation + i));
    const Lanes index = _mm512_cvtepu32_epi64(words);
    // Automorphisms keep aligned groups of eight together: one load and a shuffle then.
    const u64 group = permutation[i] & ~u64{kLanes - 1};
    if (_mm512_cmpeq_epi64_mask(_mm512_andnot_si512(splat(kLanes - 1), index), splat(group)) == 0xff) {
      store(out + i, _mm512_permutexvar_epi64(index, load(a + group)));
    } else {
      for (std::size_t j = i; j < i + kLanes; ++j) out[j] = a[permutation[j]];
    }
  }
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
