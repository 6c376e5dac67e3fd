// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "kernels/self_test.h"

namespace tacet::selftest {
namespace {

constexpr std::size_t kN = 64;

std::vector<const u64*> pointers(const std::vector<Buffer>& limbs) {
  std::vector<const u64*> out;
  for (const Buffer& limb : limbs) out.push_back(limb.data());
  return out;
}

/// Conversions from `count` sources, all congruent to the same prime.
void test_conversion(const Kernels& table, const Modulus& m, std::size_t count) {
  const u64 q = m.value;
  const std::vector<Modulus> sources(count, m);
  std::vector<Buffer> y;
  for (std::size_t k = 0; k < count; ++k) y.push_back(words_below(q, 90 + k, kN));
  const std::vector<Buffer> original = y;
  std::vector<u64*> writable;
  for (Buffer& limb : y) writable.push_back(limb.data());
  table.attach_overflow(writable.data(), sources.data(), count, kN);
  for (std::size_t i = 0; i < kN; ++i) {
    u64 sum = 0;
    for (const Buffer& limb : original) sum += limb.data()[i];
    const u64 overflow = (2 * sum + q) / (2 * q);
    expect(y[0].data()[i] == (original[0].data()[i] | overflow << 52), table, "attach_overflow", q);
  }
  const Buffer weights = words_below(q, 110, count + 3);
  std::vector<u64> companions, corrections;
  for (std::size_t k = 0; k <= count; ++k) companions.push_back(shoup(weights.data()[k], q) >> 12);
  for (u64 v = 0; v < 8; ++v) corrections.push_back(mul_mod(v, weights.data()[count], m));
  Buffer out(kN);
  table.convert(out.data(), pointers(y).data(), {count, weights.data(), companions.data(), corrections.data()}, kN, m);
  for (std::size_t i = 0; i < kN; ++i) {
    u128 sum = static_cast<u128>(y[0].data()[i] >> 52) * weights.data()[count];
    for (std::size_t k = 0; k < count; ++k) sum += static_cast<u128>(original[k].data()[i]) * weights.data()[k];
    expect(out.data()[i] == static_cast<u64>(sum % q), table, "convert", q);
  }
  if (count > 1) return;
  const u64 more = weights.data()[1];
  table.convert_lazily(out.data(), y[0].data(), more, kN);
  for (std::size_t i = 0; i < kN; ++i) {
    expect(out.data()[i] == original[0].data()[i] + (y[0].data()[i] >> 52) * more, table, "convert_lazily", q);
  }
}

/// The words in so many bytes each.
Buffer kept_in(std::size_t bytes, const Buffer& words) {
  Buffer out(words.size() / sizeof(u64) * bytes);
  keep(out.data(), 0, words.data(), words.size(), bytes);
  return out;
}

/// `bytes`: of each residue of the key and first factor.
void test_pair(const Kernels& table, const Modulus& m, std::size_t count, const u32* permutation, std::size_t bytes) {
  constexpr std::size_t kDigits = 2, kKeyDigits = 3;
  const u64 q = m.value;
  std::vector<Buffer> a, b0, b1;
  for (std::size_t k = 0; k < count; ++k) {
    a.push_back(words_below(u64{1} << std::min<std::size_t>(50, 8 * bytes), 120 + k, kN));
    b0.push_back(words_below(q, 140 + k, kN));
    b1.push_back(words_below(q, 160 + k, kN));
  }
  const Buffer c0 = words_below(u64{1} << 50, 180, kN);
  const Buffer key = words_below(q, 181, 2 * kKeyDigits * kN);
  const auto key_word = [&](std::size_t digit, std::size_t half, std::size_t i) {
    const std::size_t block = key_block(kN);
    return key.data()[(i / block * kKeyDigits + digit) * 2 * block + half * block + i % block];
  };
  std::vector<const u64*> first = pointers(b0), second = pointers(b1);
  const std::vector<const u64*> factors = pointers(a);
  std::vector<Buffer> kept_a;
  std::vector<const void*> kept;
  for (const Buffer& words : a) kept_a.push_back(kept_in(bytes, words));
  for (const Buffer& words : kept_a) kept.push_back(words.data());
  const Buffer kept_key = kept_in(bytes, key);
  first[count - 1] = nullptr;
  PairTerms terms;
  terms.digits = kDigits;
  terms.digit = factors.data();
  terms.key = kept_key.data();
  terms.key_bytes = terms.a_bytes = bytes;
  terms.key_digits = kKeyDigits;
  terms.count = count;
  terms.a = kept.data();
  terms.b0 = first.data();
  terms.b1 = second.data();
  terms.c0 = c0.data();
  terms.w = q - 1;
  terms.permutation = permutation;
  const Buffer plus1 = words_below(u64{1} << 50, 182, kN);
  Buffer out0(kN), out1 = plus1;
  terms.out0 = out0.data();
  terms.out1 = out1.data();
  terms.plus1 = out1.data();
  table.inner_product_pairs(&terms, 1, kN, m);
  for (std::size_t i = 0; i < kN; ++i) {
    const std::size_t from = permutation == nullptr ? i : permutation[i];
    u128 sum0 = static_cast<u128>(c0.data()[from]) * (q - 1), sum1 = plus1.data()[i];
    for (std::size_t k = 0; k < count; ++k) {
      if (k + 1 < count) sum0 += static_cast<u128>(a[k].data()[i]) * b0[k].data()[i];
      sum1 += static_cast<u128>(a[k].data()[i]) * b1[k].data()[i];
    }
    for (std::size_t j = 0; j < kDigits; ++j) {
      sum0 += static_cast<u128>(a[j].data()[from]) * key_word(j, 0, i);
      sum1 += static_cast<u128>(a[j].data()[from]) * key_word(j, 1, i);
    }
    expect(out0.data()[i] == static_cast<u64>(sum0 % q), table, "inner_product_pairs", q);
    expect(out1.data()[i] == static_cast<u64>(sum1 % q), table, "inner_product_pairs", q);
  }
}

}  // namespace

void test_key_switch(const Kernels& table, const Modulus& m) {
  for (std::size_t count : {1, 2, 3, 9}) test_conversion(table, m, count);
  std::vector<u32> permutation(kN);
  for (std::size_t i = 0; i < kN; ++i) permutation[i] = static_cast<u32>((i + 32) % kN) ^ 5;
  for (const std::size_t bytes : {4, 5, 6, 8}) {
    if (bytes < kept_bytes(m)) continue;
    for (std::size_t count : {3, 17}) {
      test_pair(table, m, count, nullptr, bytes);
      test_pair(table, m, count, permutation.data(), bytes);
    }
  }
}

}  // namespace tacet::selftest
