// SPDX-License-Identifier: Apache-2.0
// Element-wise arithmetic in double-precision lanes.
#include "kernels/avx2.h"
#include "kernels/avx2_lanes.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

TACET_INLINE Lanes load_number(const u64* p) { return from_words(load(p)); }

/// From [-q, 0) to [0, q), what is at least 0 stays.
TACET_INLINE Lanes raise_negative(Lanes x, const Constants& c) {
  return add(x, _mm256_and_pd(_mm256_cmp_pd(x, _mm256_setzero_pd(), _CMP_LT_OQ), c.q));
}

TACET_INLINE __m256i add_words(__m256i a, __m256i b) { return _mm256_add_epi64(a, b); }
TACET_INLINE __m256i sub_words(__m256i a, __m256i b) { return _mm256_sub_epi64(a, b); }
TACET_INLINE void store_words(u64* p, __m256i x) { _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x); }
/// q where x is negative as a signed number, else 0.
TACET_INLINE __m256i where_negative(__m256i x, __m256i q) {
  return _mm256_and_si256(_mm256_cmpgt_epi64(_mm256_setzero_si256(), x), q);
}

}  // namespace

void add(u64* out, const u64* a, const u64* b, std::size_t n, u64 q) {
  const __m256i modulus = integers(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i r = sub_words(add_words(load_integers(a + i), load_integers(b + i)), modulus);
    store_words(out + i, add_words(r, where_negative(r, modulus)));
  }
}

void subtract(u64* out, const u64* a, const u64* b, std::size_t n, u64 q) {
  const __m256i modulus = integers(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i r = sub_words(load_integers(a + i), load_integers(b + i));
    store_words(out + i, add_words(r, where_negative(r, modulus)));
  }
}

void negate(u64* out, const u64* a, std::size_t n, u64 q) {
  const __m256i modulus = integers(q);
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m256i r = sub_words(_mm256_setzero_si256(), load_integers(a + i));
    store_words(out + i, add_words(r, where_negative(r, modulus)));
  }
}

void multiply(u64* out, const u64* a, const u64* b, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, finish(product(load_number(a + i), load_number(b + i), c), c));
}

void multiply_add(u64* out, const u64* a, const u64* b, const u64* addend, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, finish(add(product(load_number(a + i), load_number(b + i), c), load_number(addend + i)), c));
}

void subtract_product(u64* out, const u64* from, const u64* a, const u64* b, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, finish(sub(load_number(from + i), product(load_number(a + i), load_number(b + i), c)), c));
}

void multiply_constant(u64* out, const u64* a, u64 w, u64, std::size_t n, u64 q) {
  const Constants c(q);
  const WideReduction wide(q, c);
  const Factor f = splat_factor(w, c);
  for (std::size_t i = 0; i < n; i += kLanes)
    store(out + i, finish(multiply(wide.loosely(load_integers(a + i), c), f, c), c));
}

void subtract_multiply_constant(u64* out, const u64* a, const u64* b, u64 w, u64, std::size_t n, u64 q) {
  const Constants c(q);
  const Factor f = splat_factor(w, c);
  for (std::size_t i = 0; i < n; i += kLanes)  // a product is at most q/2 and a little more
    store(out + i, to_words(raise_negative(multiply(sub(load_number(a + i), load_number(b + i)), f, c), c)));
}

void reduce(u64* out, const u64* a, std::size_t n, const Modulus& q) {
  const Constants c(q.value);
  const WideReduction wide(q.value, c);
  for (std::size_t i = 0; i < n; i += kLanes) store(out + i, wide(load_integers(a + i), c));
}

void gather(u64* out, const u64* a, const u32* permutation, std::size_t n) {
  for (std::size_t i = 0; i < n; i += kLanes) {
    const __m128i places = _mm_loadu_si128(reinterpret_cast<const __m128i*>(permutation + i));
    const __m256i words = _mm256_i32gather_epi64(reinterpret_cast<const long long*>(a), places, sizeof(u64));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + i), words);
  }
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
