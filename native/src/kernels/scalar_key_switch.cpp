// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "kernels/scalar.h"

namespace tacet::scalar {
namespace {

constexpr u64 kLow52 = (u64{1} << 52) - 1;
// Accumulators of a block stay in cache while each operand streams by once.
constexpr std::size_t kBlock = 64;

template <std::size_t kBytes>
u64 value(const Kept<kBytes>& kept) {
  u64 word = 0;
  std::memcpy(&word, kept.bytes, kBytes);
  return word;
}

/// Half h of a row of inner_product_pairs, for a key and first factors that are kept in so many bytes.
template <std::size_t kKeyBytes, std::size_t kBytes>
void half(u64* out, const PairTerms& terms, std::size_t h, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  const u64* const* b = h == 0 ? terms.b0 : terms.b1;
  const u64* c = h == 0 ? terms.c0 : terms.c1;
  const u64* plus = h == 0 ? terms.plus0 : terms.plus1;
  const std::size_t block = key_block(n);
  for (std::size_t start = 0; start < n; start += block) {
    u128 sums[32];
    std::size_t from[32];
    for (std::size_t i = 0; i < block; ++i) {
      from[i] = terms.permutation == nullptr ? start + i : terms.permutation[start + i];
      sums[i] = c == nullptr ? u128{0} : static_cast<u128>(c[from[i]]) * terms.w;
      if (plus != nullptr) sums[i] += plus[start + i];
    }
    for (std::size_t k = 0; k < terms.digits; ++k) {
      const u64* x = terms.digit[k];
      const Kept<kKeyBytes>* y = static_cast<const Kept<kKeyBytes>*>(terms.key) + 2 * (start * terms.key_digits + k * block) + h * block;
      for (std::size_t i = 0; i < block; ++i) sums[i] += static_cast<u128>(x[from[i]]) * value(y[i]);
    }
    for (std::size_t k = 0; k < terms.count; ++k) {
      if (b[k] == nullptr) continue;
      const Kept<kBytes>* x = static_cast<const Kept<kBytes>*>(terms.a[k]) + start;
      const u64* y = b[k] + start;
      for (std::size_t i = 0; i < block; ++i) sums[i] += static_cast<u128>(value(x[i])) * y[i];
    }
    for (std::size_t i = 0; i < block; ++i) out[start + i] = q.reduce(sums[i]);
  }
}

using Half = void (*)(u64* out, const PairTerms& terms, std::size_t h, std::size_t n, const Modulus& modulus);

template <std::size_t kKeyBytes>
Half half_with_key(std::size_t a_bytes) {
  return a_bytes == 4 ? half<kKeyBytes, 4> : a_bytes == 5 ? half<kKeyBytes, 5> : a_bytes == 6 ? half<kKeyBytes, 6> : half<kKeyBytes, 8>;
}

Half half_of(const PairTerms& t) {
  switch (t.key_bytes) {
    case 4: return half_with_key<4>(t.a_bytes);
    case 5: return half_with_key<5>(t.a_bytes);
    case 6: return half_with_key<6>(t.a_bytes);
    default: return half_with_key<8>(t.a_bytes);
  }
}

}  // namespace

void attach_overflow(u64* const* y, const Modulus* q, std::size_t count, std::size_t n) {
  for (std::size_t start = 0; start < n; start += kBlock) {
    const std::size_t block = n - start < kBlock ? n - start : kBlock;
    const u64* limbs[128];
    for (std::size_t k = 0; k < count; ++k) limbs[k] = y[k] + start;
    u64 overflow[kBlock];
    scalar_kernels().overflow_count(overflow, limbs, q, count, block);
    for (std::size_t i = 0; i < block; ++i) y[0][start + i] |= overflow[i] << 52;
  }
}

void convert_lazily(u64* out, const u64* y, u64 overflow, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out[i] = (y[i] & kLow52) + ((0 - (y[i] >> 52 & 1)) & overflow);
}

void convert(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& modulus) {
  const Modulus q = modulus;
  for (std::size_t start = 0; start < n; start += kBlock) {
    const std::size_t block = n - start < kBlock ? n - start : kBlock;
    u128 sums[kBlock];
    for (std::size_t i = 0; i < block; ++i) {
      const u64 first = y[0][start + i];
      sums[i] = static_cast<u128>(first & kLow52) * weights.weights[0] +
                static_cast<u128>(first >> 52) * weights.weights[weights.count];
    }
    for (std::size_t k = 1; k < weights.count; ++k) {
      const u64* x = y[k] + start;
      const u64 w = weights.weights[k];
      for (std::size_t i = 0; i < block; ++i) sums[i] += static_cast<u128>(x[i]) * w;
    }
    for (std::size_t i = 0; i < block; ++i) out[start + i] = q.reduce(sums[i]);
  }
}

void inner_product_pairs(const PairTerms* terms, std::size_t rows, std::size_t n, const Modulus& q) {
  for (std::size_t row = 0; row < rows; ++row) {
    const PairTerms& t = terms[row];
    const Half of_row = half_of(t);
    of_row(t.out0, t, 0, n, q);
    of_row(t.out1, t, 1, n, q);
  }
}

}  // namespace tacet::scalar
