// SPDX-License-Identifier: Apache-2.0
// The parts of a key switch in every available table, bit for bit as the scalar table and as definitions with the % operator.
#include <random>

#include "kernels/kernels.h"
#include "ring/automorphism.h"
#include "ring/basis_conversion.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

struct Case {
  const Kernels* table;
  std::size_t n;
  int bits;
  RingType ring;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const Kernels* table : available_kernels()) {
    for (std::size_t n : {16, 32, 64, 1024}) {
      for (int bits : {20, 33, 40, 48, 50}) {
        for (RingType ring : kBothRings) out.push_back({table, n, bits, ring});
      }
    }
  }
  return out;
}

std::vector<const u64*> pointers(const std::vector<Buffer>& limbs) {
  std::vector<const u64*> out;
  for (const Buffer& limb : limbs) out.push_back(limb.data());
  return out;
}

class KeySwitchKernels : public ::testing::TestWithParam<Case> {
 protected:
  const Kernels& table = *GetParam().table;
  const std::size_t n = GetParam().n;
  const Modulus modulus = Modulus(primes_below(GetParam().bits, 1, 10, GetParam().ring).front());
  const u64 q = modulus.value;

  Buffer words(u64 bound, unsigned seed) const {
    Buffer out(n);
    std::mt19937_64 engine(seed);
    for (std::size_t i = 0; i < n; ++i) out.data()[i] = engine() % bound;
    out.data()[seed % 7] = bound - 1;
    out.data()[seed % 7 + 1] = 0;
    return out;
  }
  /// None, and those of automorphisms of both rings.
  std::vector<std::vector<u32>> permutations() const {
    int log_n = 0;
    while ((std::size_t{1} << log_n) < n) ++log_n;
    std::vector<std::vector<u32>> out(1);
    const Ring standard(log_n, primes_below(40, 1, log_n), {}, 1);
    for (const u32 galois : {1u, 3u, 5u, 25u, static_cast<u32>(2 * n - 1)}) {
      out.push_back(automorphism_permutation(standard, galois));
    }
    const RingType type = RingType::kConjugateInvariant;
    const Ring real(log_n, primes_below(40, 1, log_n, type), {}, 1, type);
    for (const i64 steps : {0, 1, 2, 7, -1}) out.push_back(automorphism_permutation(real, galois_element(real, steps)));
    return out;
  }

  /// A gadget product with one further term, an addend and a number that is added, against its definition.
  void expect_gadget_product(std::size_t digits, const u32* permutation, std::size_t bytes, std::size_t a_bytes) const {
    const std::size_t block = key_block(n);
    const std::size_t key_digits = digits + 2;
    Buffer key(2 * key_digits * n / sizeof(u64) * bytes);
    std::vector<Buffer> digit, halves;
    for (unsigned j = 0; j < digits; ++j) digit.push_back(j == 0 ? largest(u64{1} << 50) : words(u64{1} << 50, j));
    for (unsigned k = 0; k < 2 * key_digits; ++k) {
      halves.push_back(words(q, 200 + k));
      for (std::size_t i = 0; i < n; i += block) {
        keep(key.data(), (i / block * 2 * key_digits + k) * block, halves[k].data() + i, block, bytes);
      }
    }
    const std::vector<const u64*> factors = pointers(digit);
    const Buffer c0 = words(u64{1} << 50, 3), b = words(q, 4), plus = words(u64{1} << 50, 5);
    const Buffer kept = kept_factor(digit[0], a_bytes);
    const void* const a[] = {kept.data()};
    const u64* const b0[] = {b.data()};
    const u64* const b1[] = {nullptr};
    PairTerms terms;
    terms.digits = digits;
    terms.digit = factors.data();
    terms.key = key.data();
    terms.key_bytes = bytes;
    terms.a_bytes = a_bytes;
    terms.key_digits = key_digits;
    terms.count = 1;
    terms.a = a;
    terms.b0 = b0;
    terms.b1 = b1;
    terms.c0 = c0.data();
    terms.w = q / 3;
    terms.permutation = permutation;
    Buffer out0 = plus, out1(n);
    terms.out0 = out0.data();
    terms.out1 = out1.data();
    terms.plus0 = out0.data();
    table.inner_product_pairs(&terms, 1, n, modulus);
    for (std::size_t i = 0; i < n; ++i) {
      const std::size_t from = permutation == nullptr ? i : permutation[i];
      u128 sum0 = plus.data()[i] + static_cast<u128>(c0.data()[from]) * (q / 3);
      sum0 += static_cast<u128>(in_width(digit[0].data()[i], a_bytes)) * b.data()[i];
      u128 sum1 = 0;
      for (std::size_t j = 0; j < digits; ++j) {
        sum0 += static_cast<u128>(digit[j].data()[from]) * halves[2 * j].data()[i];
        sum1 += static_cast<u128>(digit[j].data()[from]) * halves[2 * j + 1].data()[i];
      }
      ASSERT_EQ(static_cast<u64>(sum0 % q), out0.data()[i]) << digits << " digits, at " << i;
      ASSERT_EQ(static_cast<u64>(sum1 % q), out1.data()[i]) << digits << " digits, at " << i;
    }
  }

  /// As much of a word as is kept of it.
  static u64 in_width(u64 word, std::size_t bytes) { return bytes == 8 ? word : word & ((u64{1} << 8 * bytes) - 1); }
  /// In a buffer of just the bytes that it takes, so that what reads beyond them is seen by the address sanitizer.
  Buffer kept_factor(const Buffer& words, std::size_t bytes) const {
    Buffer out(n / sizeof(u64) * bytes);
    keep(out.data(), 0, words.data(), n, bytes);
    return out;
  }

  /// Every word the largest.
  Buffer largest(u64 bound) const {
    Buffer out(n);
    std::fill_n(out.data(), n, bound - 1);
    return out;
  }
};

TEST_P(KeySwitchKernels, ConversionIsTheCentredRepresentativeFromAnyNumberOfSources) {
  const std::vector<u64> primes = primes_below(50, 20, 10, GetParam().ring, {q});
  for (std::size_t count : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 16u, 20u}) {
    for (const bool extreme : {false, true}) {
      std::vector<Modulus> sources;
      std::vector<Buffer> y;
      for (std::size_t k = 0; k < count; ++k) {
        sources.emplace_back(primes[k]);
        y.push_back(extreme ? largest(primes[k]) : words(primes[k], static_cast<unsigned>(k)));
      }
      const BasisConversion conversion(sources, {modulus});
      // the same constants, by definition
      std::vector<u64> weights, companions, corrections;
      for (std::size_t skipped = 0; skipped <= count; ++skipped) {
        u64 product = 1;
        for (std::size_t k = 0; k < count; ++k) {
          if (k != skipped) product = static_cast<u64>(static_cast<u128>(product) * primes[k] % q);
        }
        weights.push_back(skipped < count ? product : (q - product) % q);
        companions.push_back(static_cast<u64>((static_cast<u128>(weights.back()) << 52) / q));
      }
      for (u64 v = 0; v < 8; ++v) corrections.push_back(static_cast<u64>(static_cast<u128>(v) * weights[count] % q));
      const std::vector<Buffer> original = y;
      std::vector<u64*> writable;
      for (Buffer& limb : y) writable.push_back(limb.data());
      table.attach_overflow(writable.data(), sources.data(), count, n);
      Buffer out(n);
      table.convert(out.data(), pointers(y).data(), {count, weights.data(), companions.data(), corrections.data()}, n, modulus);
      for (std::size_t i = 0; i < n; ++i) {
        long double fraction = 0;
        for (std::size_t k = 0; k < count; ++k) {
          fraction += static_cast<long double>(original[k].data()[i]) / static_cast<long double>(primes[k]);
        }
        const u64 overflow = y[0].data()[i] >> 52;
        ASSERT_LE(std::fabs(static_cast<double>(fraction - static_cast<long double>(overflow))), 0.5 + 1e-12);
        ASSERT_EQ(original[0].data()[i], y[0].data()[i] & ((u64{1} << 52) - 1));
        u128 sum = static_cast<u128>(overflow) * weights[count];
        for (std::size_t k = 0; k < count; ++k) sum += static_cast<u128>(original[k].data()[i]) * weights[k];
        ASSERT_EQ(static_cast<u64>(sum % q), out.data()[i]) << count << " sources, at " << i;
      }
      Buffer whole(n);  // the constants of BasisConversion, in the process's own table
      conversion.convert(whole.data(), pointers(y).data(), n, 0);
      for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(out.data()[i], whole.data()[i]);
    }
  }
}

TEST_P(KeySwitchKernels, LazyConversionFromOnePrimeIsCongruentAndInTheTransformsRange) {
  const std::vector<u64> near = primes_below(GetParam().bits, 3, 10, GetParam().ring, {q});
  const std::vector<u64> wide = primes_below(50, 1, 10, GetParam().ring, {q});
  const std::vector<u64> few = primes_below(GetParam().bits > 22 ? 22 : 19, 1, 10, GetParam().ring, {q});
  for (const u64 source : {near.front(), near.back(), wide.front(), few.front()}) {
    const Modulus own(source);
    const BasisConversion conversion({own}, {modulus});
    Buffer y = words(source, 7);
    u64* limb[] = {y.data()};
    table.attach_overflow(limb, &own, 1, n);
    const u64 overflow = (q - source % q) % q;
    Buffer out(n), exact(n), lazy(n);
    table.convert_lazily(out.data(), y.data(), overflow, n);
    const u64* const limbs[] = {y.data()};
    conversion.convert(exact.data(), limbs, n, 0);
    conversion.convert_lazily(lazy.data(), limbs, n, 0);
    for (std::size_t i = 0; i < n; ++i) {
      const u64 rest = y.data()[i] & ((u64{1} << 52) - 1);
      ASSERT_EQ(rest > source / 2 ? rest + overflow : rest, out.data()[i]) << "from " << source << " at " << i;
      ASSERT_EQ(exact.data()[i], lazy.data()[i] % q) << "from " << source << " at " << i;
      ASSERT_LT(lazy.data()[i], 4 * q) << "from " << source << " at " << i;
    }
  }
}

TEST_P(KeySwitchKernels, PairOfInnerProductsWithAbsentTermsAndAnAddend) {
  for (std::size_t count : {1u, 2u, 5u, 14u, 15u, 40u}) {
    for (const auto& [extreme, bytes] : {std::pair(false, 8), {true, 8}, {false, 4}, {true, 4}, {false, 5}, {true, 5}, {false, 6}, {true, 6}}) {
      std::vector<Buffer> a, b0, b1, kept;
      for (unsigned k = 0; k < count; ++k) {
        a.push_back(extreme ? largest(u64{1} << 50) : words(u64{1} << 50, k));
        kept.push_back(kept_factor(a.back(), static_cast<std::size_t>(bytes)));
        b0.push_back(extreme ? largest(q) : words(q, 50 + k));
        b1.push_back(extreme ? largest(q) : words(q, 90 + k));
      }
      const Buffer c1 = extreme ? largest(u64{1} << 50) : words(u64{1} << 50, 140);
      std::vector<const void*> factors;
      for (const Buffer& each : kept) factors.push_back(each.data());
      std::vector<const u64*> first = pointers(b0), second = pointers(b1);
      if (!extreme) first[count - 1] = second[0] = nullptr;
      PairTerms terms;
      terms.count = count;
      terms.a = factors.data();
      terms.a_bytes = static_cast<std::size_t>(bytes);
      terms.b0 = first.data();
      terms.b1 = second.data();
      terms.c1 = c1.data();
      terms.w = q - 1;
      Buffer out0(n), out1(n);
      terms.out0 = out0.data();
      terms.out1 = out1.data();
      table.inner_product_pairs(&terms, 1, n, modulus);
      for (std::size_t i = 0; i < n; ++i) {
        u128 sum0 = 0, sum1 = static_cast<u128>(c1.data()[i]) * (q - 1);
        for (std::size_t k = 0; k < count; ++k) {
          const u64 factor = in_width(a[k].data()[i], terms.a_bytes);
          if (first[k] != nullptr) sum0 += static_cast<u128>(factor) * first[k][i];
          if (second[k] != nullptr) sum1 += static_cast<u128>(factor) * second[k][i];
        }
        ASSERT_EQ(static_cast<u64>(sum0 % q), out0.data()[i]) << count << " terms, at " << i;
        ASSERT_EQ(static_cast<u64>(sum1 % q), out1.data()[i]) << count << " terms, at " << i;
      }
    }
  }
}

TEST_P(KeySwitchKernels, GadgetProductsReadTheKeyBlockByBlockAndSkipItsFurtherDigits) {
  for (const std::vector<u32>& permutation : permutations()) {
    for (std::size_t digits : {1u, 4u, 15u}) {
      for (const std::size_t bytes : {4u, 5u, 6u, 8u}) {
        if (bytes < kept_bytes(modulus)) continue;
        for (const std::size_t a_bytes : {4u, 5u, 6u, 8u}) {
          expect_gadget_product(digits, permutation.empty() ? nullptr : permutation.data(), bytes, a_bytes);
        }
      }
    }
  }
}

TEST_P(KeySwitchKernels, RowsOfPairsFollowOneAnother) {
  const Buffer a = words(u64{1} << 50, 1), b = words(q, 2);
  const void* const factors[] = {a.data()};
  const u64* const others[] = {b.data()};
  Buffer out(n * 4);
  PairTerms rows[2];
  for (std::size_t row = 0; row < 2; ++row) {
    rows[row].out0 = out.data() + 2 * row * n;
    rows[row].out1 = rows[row].out0 + n;
    rows[row].count = 1;
    rows[row].a = factors;
    rows[row].b0 = rows[row].b1 = others;
    if (row == 1) rows[row].plus1 = out.data();  // what the first row gave
  }
  table.inner_product_pairs(rows, 2, n, modulus);
  for (std::size_t i = 0; i < n; ++i) {
    const u64 once = static_cast<u64>(static_cast<u128>(a.data()[i]) * b.data()[i] % q);
    ASSERT_EQ(once, out.data()[i]);
    ASSERT_EQ(once, out.data()[n + i]);
    ASSERT_EQ(once, out.data()[2 * n + i]);
    ASSERT_EQ(2 * once % q, out.data()[3 * n + i]);
  }
}

INSTANTIATE_TEST_SUITE_P(Tables, KeySwitchKernels, ::testing::ValuesIn(cases()), [](const auto& test) {
  return std::string(test.param.table->name) + "_n" + std::to_string(test.param.n) + "_q" + std::to_string(test.param.bits) +
         "_" + name_of(test.param.ring);
});

}  // namespace
}  // namespace tacet::testing
