// SPDX-License-Identifier: Apache-2.0
// Every available table against definitions written with the % operator, over sizes and primes, at the edges of the
// stated ranges.
#include "kernels/kernels.h"

#include <random>

#include "kernels/cpu_features.h"
#include "kernels/ntt_tables.h"
#include "math/primes.h"
#include "reference/vectors.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

struct Case {
  const Kernels* table;
  int log_n;
  int bits;
  RingType ring;
};

std::vector<Case> cases() {
  std::vector<Case> out;
  for (const Kernels* table : available_kernels()) {
    for (int log_n : {4, 5, 7, 10}) {
      for (int bits : {20, 28, 40, 49, 50}) {
        for (RingType ring : kBothRings) out.push_back({table, log_n, bits, ring});
      }
    }
  }
  return out;
}

class KernelTable : public ::testing::TestWithParam<Case> {
 protected:
  const Kernels& table = *GetParam().table;
  const std::size_t n = std::size_t{1} << GetParam().log_n;
  const Modulus modulus = Modulus(primes_below(GetParam().bits, 1, GetParam().log_n, GetParam().ring).front());
  const u64 q = modulus.value;

  /// n words below `bound`: the multiples of q minus 1 and plus 0 that fit, then random ones.
  Buffer words(u64 bound, unsigned seed) const {
    Buffer out(n);
    std::mt19937_64 engine(seed);
    for (std::size_t i = 0; i < n; ++i) out.data()[i] = engine() % bound;
    const u64 edges[] = {0, q - 1, q, 2 * q - 1, 2 * q, 4 * q - 1, bound - 1};
    std::size_t at = seed % 3;
    for (u64 edge : edges) {
      if (edge < bound) out.data()[at++] = edge;
    }
    return out;
  }

  template <class Expected>
  void expect_all(const Buffer& out, const Expected& expected) const {
    for (std::size_t i = 0; i < n; ++i)
      ASSERT_EQ(static_cast<u64>(expected(i) % q), out.data()[i]) << "at " << i << " modulo " << q;
  }
};

TEST_P(KernelTable, ForwardTransformOfLazyInputIsTheValueAtPowersOfTheRoot) {
  NttTable ntt;
  const RingType ring = GetParam().ring;
  const Buffer owner = build_ntt_table(ntt, modulus, GetParam().log_n, ring);
  const u64 psi = primitive_root(modulus, root_order(ring, n) / 2);
  const u64 step = ring == RingType::kStandard ? 2 : 4;
  for (unsigned seed = 0; seed < 3; ++seed) {
    Buffer x = words(4 * q, seed);
    if (seed == 2) std::fill_n(x.data(), n, 4 * q - 1);
    const Buffer input = x;
    table.ntt_forward(x.data(), ntt);
    expect_all(x, [&](std::size_t j) {
      const u64 point = pow_mod(psi, step * bit_reverse(static_cast<u32>(j), GetParam().log_n) + 1, modulus);
      const auto horner = [&](u64 at) {
        u128 value = 0;
        for (std::size_t i = n; i-- > 0;) value = (value * at + input.data()[i]) % q;
        return value;
      };
      if (ring == RingType::kStandard) return horner(point);
      // sum of a_i X^i at the point and its inverse; the coefficient of 1 counts once
      return horner(point) + horner(inverse_mod(point, modulus)) + 4 * q - input.data()[0];
    });
  }
}

TEST_P(KernelTable, QuotientIsTheDifferenceFromTheTransformTimesAConstant) {
  NttTable ntt;
  const Buffer owner = build_ntt_table(ntt, modulus, GetParam().log_n, GetParam().ring);
  for (unsigned seed = 0; seed < 4; ++seed) {
    Buffer x = words(4 * q, seed), minuend = words(q, seed + 10);
    if (seed == 2) std::fill_n(x.data(), n, 4 * q - 1), std::fill_n(minuend.data(), n, 0);
    if (seed == 3) std::fill_n(x.data(), n, 0), std::fill_n(minuend.data(), n, q - 1);
    Buffer transformed = x;
    table.ntt_forward(transformed.data(), ntt);
    for (const u64 w : {u64{0}, u64{1}, q / 2, q - 1}) {
      Buffer out = x;
      table.ntt_forward_quotient(out.data(), minuend.data(), w, shoup(w, q), ntt);
      expect_all(out, [&](std::size_t i) { return static_cast<u128>(minuend.data()[i] + q - transformed.data()[i]) * w; });
    }
  }
}

TEST_P(KernelTable, InverseTransformUndoesTheForwardOneFromLazyInput) {
  NttTable ntt;
  const Buffer owner = build_ntt_table(ntt, modulus, GetParam().log_n, GetParam().ring);
  for (unsigned seed = 0; seed < 3; ++seed) {
    Buffer x = words(2 * q, seed);
    if (seed == 2) std::fill_n(x.data(), n, 2 * q - 1);
    const Buffer input = x;
    table.ntt_inverse(x.data(), ntt);
    for (std::size_t i = 0; i < n; ++i) ASSERT_LT(x.data()[i], q);
    table.ntt_forward(x.data(), ntt);
    expect_all(x, [&](std::size_t i) { return input.data()[i]; });
  }
}

TEST_P(KernelTable, ElementwiseOperationsAgreeWithTheRemainder) {
  const Buffer a = words(q, 1), b = words(q, 2), c = words(q, 3), lazy = words(2 * q, 4), wide = words(u64{1} << 62, 5);
  Buffer any = words(~u64{0}, 6);
  any.data()[0] = ~u64{0};
  Buffer out(n);
  const auto A = [&](std::size_t i) { return static_cast<u128>(a.data()[i]); };
  table.add(out.data(), a.data(), b.data(), n, q);
  expect_all(out, [&](std::size_t i) { return A(i) + b.data()[i]; });
  table.subtract(out.data(), a.data(), b.data(), n, q);
  expect_all(out, [&](std::size_t i) { return A(i) + q - b.data()[i]; });
  table.negate(out.data(), a.data(), n, q);
  expect_all(out, [&](std::size_t i) { return q - A(i); });
  table.multiply(out.data(), lazy.data(), b.data(), n, modulus);
  expect_all(out, [&](std::size_t i) { return static_cast<u128>(lazy.data()[i]) * b.data()[i]; });
  table.multiply_add(out.data(), lazy.data(), b.data(), c.data(), n, modulus);
  expect_all(out, [&](std::size_t i) { return static_cast<u128>(lazy.data()[i]) * b.data()[i] + c.data()[i]; });
  table.subtract_product(out.data(), c.data(), lazy.data(), b.data(), n, modulus);
  expect_all(out, [&](std::size_t i) { return static_cast<u128>(lazy.data()[i]) * (q - b.data()[i]) + c.data()[i]; });
  for (u64 w : {u64{0}, u64{1}, q / 2, q - 1}) {
    table.multiply_constant(out.data(), any.data(), w, shoup(w, q), n, q);
    expect_all(out, [&](std::size_t i) { return static_cast<u128>(any.data()[i]) * w; });
    table.subtract_multiply_constant(out.data(), a.data(), b.data(), w, shoup(w, q), n, q);
    expect_all(out, [&](std::size_t i) { return (A(i) + q - b.data()[i]) * w; });
  }
  table.reduce(out.data(), wide.data(), n, modulus);
  expect_all(out, [&](std::size_t i) { return static_cast<u128>(wide.data()[i]); });
}

TEST_P(KernelTable, ElementwiseOperationsMayOverwriteTheirInput) {
  const Buffer a = words(q, 1), b = words(q, 2);
  Buffer out = a;
  table.multiply(out.data(), out.data(), b.data(), n, modulus);
  expect_all(out, [&](std::size_t i) { return static_cast<u128>(a.data()[i]) * b.data()[i]; });
  out = b;
  table.subtract_multiply_constant(out.data(), a.data(), out.data(), 1, shoup(1, q), n, q);
  expect_all(out, [&](std::size_t i) { return static_cast<u128>(a.data()[i]) + q - b.data()[i]; });
}

TEST_P(KernelTable, SumsOfTheMostTermsAtTheirLargestDoNotOverflow) {
  constexpr std::size_t kCount = 4096;
  Buffer a(n), b(n), out(n);
  std::fill_n(a.data(), n, (u64{1} << 50) - 1);
  std::fill_n(b.data(), n, q - 1);
  const std::vector<const u64*> left(kCount, a.data()), right(kCount, b.data());
  const std::vector<u64> weights(kCount, q - 1);
  const u128 term = static_cast<u128>((u64{1} << 50) - 1) * (q - 1) % q;
  table.inner_product(out.data(), left.data(), right.data(), kCount, n, modulus);
  expect_all(out, [&](std::size_t) { return term * kCount; });
  table.linear_combination(out.data(), left.data(), weights.data(), kCount, n, modulus);
  expect_all(out, [&](std::size_t) { return term * kCount; });
}

TEST_P(KernelTable, OverflowCountRoundsTheSumOfFractions) {
  const std::vector<u64> primes = primes_below(GetParam().bits, 4, GetParam().log_n, GetParam().ring);
  std::vector<Modulus> moduli;
  std::vector<Buffer> limbs;
  std::vector<const u64*> pointers;
  for (std::size_t k = 0; k < primes.size(); ++k) {
    moduli.emplace_back(primes[k]);
    limbs.push_back(words(primes[k], static_cast<unsigned>(k)));
  }
  for (const Buffer& limb : limbs) pointers.push_back(limb.data());
  Buffer out(n);
  table.overflow_count(out.data(), pointers.data(), moduli.data(), moduli.size(), n);
  for (std::size_t i = 0; i < n; ++i) {
    long double sum = 0;
    for (std::size_t k = 0; k < primes.size(); ++k)
      sum += static_cast<long double>(pointers[k][i]) / static_cast<long double>(primes[k]);
    EXPECT_EQ(static_cast<u64>(std::floor(sum + 0.5L)), out.data()[i]);
  }
}

INSTANTIATE_TEST_SUITE_P(AllTables, KernelTable, ::testing::ValuesIn(cases()), [](const auto& test) {
  return std::string(test.param.table->name) + "_N" + std::to_string(test.param.log_n) + "_" +
         std::to_string(test.param.bits) + "bits_" + name_of(test.param.ring);
});

class TransformsIn : public ::testing::TestWithParam<RingType> {
 protected:
  const RingType ring = GetParam();
  const vectors::OfRing& known = vectors::of(ring);
};

TEST_P(TransformsIn, AllDegreesAndPrimesAgreeWithTheScalarTable) {
  for (int log_n = 4; log_n <= 14; ++log_n) {
    for (int bits : {20, 33, 45, 47, 48, 49, 50}) {
      const Modulus q(primes_below(bits, 1, log_n, ring).front());
      NttTable ntt;
      const Buffer owner = build_ntt_table(ntt, q, log_n, ring);
      std::mt19937_64 engine(static_cast<unsigned>(64 * log_n + bits));
      for (int kind = 0; kind < 3; ++kind) {  // random, all at the upper edge, both edges mixed
        const auto word = [&](u64 bound) {
          return kind == 0 ? engine() % bound : kind == 1 || engine() % 2 == 0 ? bound - 1 : 0;
        };
        Buffer lazy(ntt.n), lazier(ntt.n);
        for (std::size_t i = 0; i < ntt.n; ++i) lazy.data()[i] = word(2 * q.value);
        for (std::size_t i = 0; i < ntt.n; ++i) lazier.data()[i] = word(4 * q.value);
        Buffer minuend(ntt.n);
        for (std::size_t i = 0; i < ntt.n; ++i) minuend.data()[i] = word(q.value);
        const u64 w = word(q.value);
        Buffer inverse = lazy, forward = lazier, quotient = lazier;
        scalar_kernels().ntt_inverse(inverse.data(), ntt);
        scalar_kernels().ntt_forward(forward.data(), ntt);
        scalar_kernels().ntt_forward_quotient(quotient.data(), minuend.data(), w, shoup(w, q.value), ntt);
        for (const Kernels* table : available_kernels()) {
          Buffer x = lazy, y = lazier, z = lazier;
          table->ntt_inverse(x.data(), ntt);
          table->ntt_forward(y.data(), ntt);
          table->ntt_forward_quotient(z.data(), minuend.data(), w, shoup(w, q.value), ntt);
          ASSERT_TRUE(std::equal(z.data(), z.data() + ntt.n, quotient.data())) << table->name << " " << log_n << " " << bits;
          ASSERT_TRUE(std::equal(x.data(), x.data() + ntt.n, inverse.data())) << table->name << " " << log_n << " " << bits;
          ASSERT_TRUE(std::equal(y.data(), y.data() + ntt.n, forward.data())) << table->name << " " << log_n << " " << bits;
        }
      }
    }
  }
}

TEST_P(TransformsIn, AgreeWithTheBigIntegerReference) {
  for (bool large : {false, true}) {
    const Modulus q(large ? known.ntt_large_prime : known.ntt_small_prime);
    NttTable ntt;
    const Buffer owner = build_ntt_table(ntt, q, 4, ring);
    std::vector<u64> x = large ? known.ntt_large_coefficients : known.ntt_small_coefficients;
    const std::vector<u64> coefficients = x;
    kernels().ntt_forward(x.data(), ntt);
    EXPECT_EQ(large ? known.ntt_large_values : known.ntt_small_values, x);
    kernels().ntt_inverse(x.data(), ntt);
    EXPECT_EQ(coefficients, x);
  }
}

TEST_P(TransformsIn, OfDegree4096AgreeWithTheReferenceAtSpotChecks) {
  const Modulus q(known.ntt_4096_prime);
  NttTable ntt;
  const Buffer owner = build_ntt_table(ntt, q, 12, ring);
  Buffer x(4096);
  for (u64 i = 0; i < 4096; ++i) x.data()[i] = (i * i * 0x9E3779B97F4A7C15ULL + i) % q.value;
  kernels().ntt_forward(x.data(), ntt);
  for (std::size_t k = 0; k < vectors::ntt_4096_indexes.size(); ++k) {
    EXPECT_EQ(known.ntt_4096_values[k], x.data()[vectors::ntt_4096_indexes[k]]);
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, TransformsIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

// A sum's parts are reduced one by one and added; how large that gets depends on the prime, most of all on how far it
// is from a power of two.
TEST(SumsOfProducts, OfRandomPrimesAreTheRemaindersOfTheExactSums) {
  constexpr std::size_t n = 256, kLeft = 64, kRight = 63;  // 4032 pairs
  constexpr unsigned kSeed = 20;
  std::mt19937_64 engine(kSeed);
  for (int number = 0; number < 60; ++number) {
    const int bits = 45 + number % 6;
    u64 prime = 0;
    while (!is_prime(prime)) prime = u64{1} << (bits - 1) | engine() >> (65 - bits) | 1;
    const Modulus q(prime);
    const auto random = [&] {
      Buffer words(n);
      for (std::size_t i = 0; i < n; ++i) words.data()[i] = engine() % prime;
      return words;
    };
    std::vector<Buffer> left, right;
    for (std::size_t k = 0; k < kLeft; ++k) left.push_back(random());
    for (std::size_t k = 0; k < kRight; ++k) right.push_back(random());
    for (std::size_t count : {300, 1000, 4000}) {
      std::vector<const u64*> a, b;
      for (std::size_t k = 0; k < count; ++k) {
        a.push_back(left[k % kLeft].data());
        b.push_back(right[k % kRight].data());
      }
      std::vector<u128> sums(n);  // below 2^112
      for (std::size_t k = 0; k < count; ++k) {
        for (std::size_t i = 0; i < n; ++i) sums[i] += static_cast<u128>(a[k][i]) * b[k][i];
      }
      for (const Kernels* table : available_kernels()) {
        Buffer out(n);
        table->inner_product(out.data(), a.data(), b.data(), count, n, q);
        for (std::size_t i = 0; i < n; ++i) {
          ASSERT_EQ(static_cast<u64>(sums[i] % prime), out.data()[i])
              << table->name << ", " << count << " terms at " << i << " modulo " << prime << ", seed " << kSeed;
        }
      }
    }
  }
}

TEST(Dispatch, AnUnknownTableIsRefusedWithTheNamesOfTheAvailableOnes) {
  EXPECT_STREQ("scalar", select_kernels("scalar").name);
  expect_error(Code::kInvalidArgument, {"\"neon512\"", "scalar"}, [] { select_kernels("neon512"); });
}

TEST(Dispatch, TheSelfTestNamesTheEntryThatIsWrong) {
  Kernels broken = scalar_kernels();
  broken.name = "broken";
  broken.add = broken.subtract;
  expect_error(Code::kInternal, {"broken", "add", "7681"}, [&] { self_test(broken); });
  broken = scalar_kernels();
  broken.overflow_count = [](u64* out, const u64* const*, const Modulus*, std::size_t, std::size_t n) {
    std::fill_n(out, n, 0);
  };
  expect_error(Code::kInternal, {"overflow_count"}, [&] { self_test(broken); });
  for (const Kernels* table : available_kernels()) self_test(*table);
}

TEST(Dispatch, EveryTableThatTheProcessorCanRunIsAvailable) {
  std::vector<std::string> expected;
  if (cpu_runs_avx512ifma()) expected.push_back("avx512ifma");
  if (cpu_runs_avx2()) expected.push_back("avx2");
  expected.push_back("scalar");
  std::vector<std::string> names;
  for (const Kernels* table : available_kernels()) names.push_back(table->name);
  EXPECT_EQ(expected, names);
}

}  // namespace
}  // namespace tacet::testing
