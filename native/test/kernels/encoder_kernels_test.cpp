// SPDX-License-Identifier: Apache-2.0
// The encoder's entries of every available table: the same bits as the scalar table, and the definitions where they are
// exact.
#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "kernels/kernels.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

std::vector<u64> bits_of(const std::vector<double>& x) {
  std::vector<u64> out(x.size());
  if (!x.empty()) std::memcpy(out.data(), x.data(), x.size() * sizeof(double));
  return out;
}

std::vector<double> random_doubles(std::size_t n, unsigned seed, int exponent_spread) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> fraction(-1, 1);
  std::vector<double> out(n);
  for (double& x : out)
    x = std::ldexp(fraction(engine), static_cast<int>(engine() % static_cast<u64>(exponent_spread + 1)));
  return out;
}

class EncoderTable : public ::testing::TestWithParam<const Kernels*> {
 protected:
  const Kernels& table = *GetParam();
  const Kernels& scalar = scalar_kernels();
};

TEST_P(EncoderTable, TransformsGiveTheScalarBitsForEveryNumberOfSlots) {
  for (int log_slots = 3; log_slots <= 13; ++log_slots) {
    const std::size_t slots = std::size_t{1} << log_slots;
    const std::vector<double> cosines = random_doubles(slots, 1, 0), sines = random_doubles(slots, 2, 0);
    const SlotTable turns{slots, log_slots, cosines.data(), sines.data()};
    for (int spread : {0, 40}) {
      const std::vector<double> real = random_doubles(slots, 3, spread), imaginary = random_doubles(slots, 4, spread);
      std::vector<double> r = real, i = imaginary, expected_r = real, expected_i = imaginary;
      table.slots_to_coefficients(r.data(), i.data(), turns);
      scalar.slots_to_coefficients(expected_r.data(), expected_i.data(), turns);
      ASSERT_EQ(bits_of(expected_r), bits_of(r)) << slots;
      ASSERT_EQ(bits_of(expected_i), bits_of(i)) << slots;
      table.coefficients_to_slots(r.data(), i.data(), turns);
      scalar.coefficients_to_slots(expected_r.data(), expected_i.data(), turns);
      ASSERT_EQ(bits_of(expected_r), bits_of(r)) << slots;
      ASSERT_EQ(bits_of(expected_i), bits_of(i)) << slots;
    }
  }
}

TEST_P(EncoderTable, TheLargestMagnitudeFindsWhatIsNotFinite) {
  const double specials[] = {std::numeric_limits<double>::infinity(),
                             -std::numeric_limits<double>::infinity(),
                             std::nan(""),
                             -std::nan(""),
                             2.0,
                             -2.0,
                             -0.0};
  EXPECT_EQ(0u, table.largest_magnitude(nullptr, 0));
  for (std::size_t n = 1; n < 40; ++n) {
    for (double special : specials) {
      std::vector<double> x = random_doubles(n, static_cast<unsigned>(n), 0);
      x[n * 7 % n] = special;
      x[n / 2] = special;
      u64 expected = 0;
      for (u64 bits : bits_of(x)) expected = std::max(expected, bits & ~(u64{1} << 63));
      ASSERT_EQ(expected, table.largest_magnitude(x.data(), n));
    }
  }
}

TEST_P(EncoderTable, RoundingIsToNearestWithTiesToEvenUpTo2To61) {
  const double factors[] = {1.0, 0.5, 1.25, std::ldexp(1.0, -300), std::ldexp(1.5, 20)};
  for (double factor : factors) {
    for (std::size_t n : {0, 1, 5, 8, 13, 64}) {
      for (int top : {10, 50, 51, 52, 60}) {  // magnitudes of the products
        std::vector<double> x = random_doubles(n, static_cast<unsigned>(n), top);
        const double edges[] = {
            0.5, 1.5, -0.5, -2.5, 0.0, -0.0, 4503599627370495.5, 2251799813685247.75, -2251799813685248.5};
        for (std::size_t i = 0; i < n; i += 2) x[i] = edges[i / 2 % std::size(edges)];
        for (double& v : x) v /= factor;
        std::vector<i64> out(n + 1, 77);
        table.round_to_integers(out.data(), x.data(), factor, n);
        for (std::size_t i = 0; i < n; ++i) ASSERT_EQ(std::llrint(x[i] * factor), out[i]) << x[i] << " " << factor;
        ASSERT_EQ(77, out[n]);
      }
    }
  }
}

TEST_P(EncoderTable, ResiduesOfSignedIntegersAreTheirRemainders) {
  const i64 most = (i64{1} << 61) - 1;
  for (u64 prime : primes_of_both_rings({9, 12, 13, 31, 45, 50}, 2)) {
    const Modulus m(prime);
    const i64 q = static_cast<i64>(m.value);
    for (std::size_t n : {0, 1, 7, 8, 12, 100}) {
      std::mt19937_64 engine(static_cast<unsigned>(n));
      std::vector<i64> x(n);
      for (i64& v : x) v = static_cast<i64>(engine()) >> 3;
      const i64 edges[] = {0, 1, -1, q, -q, q - 1, 1 - q, most, -most, most - most % q, -(most - most % q)};
      for (std::size_t i = 0; i < n; i += 2) x[i] = edges[i / 2 % std::size(edges)];
      std::vector<u64> out(n + 1, 77);
      table.integer_residues(out.data(), x.data(), n, m);
      for (std::size_t i = 0; i < n; ++i)
        ASSERT_EQ((x[i] % q + q) % q, static_cast<i64>(out[i])) << x[i] << " modulo " << q;
      ASSERT_EQ(77u, out[n]);
    }
  }
}

/// A radix over `primes` with its arrays.
struct Radix {
  explicit Radix(const std::vector<u64>& primes, double unit = 1) {
    for (u64 q : primes) moduli.emplace_back(q);
    inverses.resize(primes.size() * primes.size());
    companions.resize(inverses.size());
    for (std::size_t i = 0; i < primes.size(); ++i) {
      for (std::size_t j = i + 1; j < primes.size(); ++j) {
        const std::size_t at = i * primes.size() + j;
        inverses[at] = inverse_mod(moduli[i].reduce(primes[j]), moduli[i]);
        companions[at] = shoup(inverses[at], primes[i]);
      }
    }
    radix = {primes.size(), moduli.data(), inverses.data(), companions.data(), unit};
  }
  std::vector<Modulus> moduli;
  std::vector<u64> inverses, companions;
  MixedRadix radix;
};

TEST_P(EncoderTable, RecombinationOfTwoPrimesIsExact) {
  const std::vector<u64> primes = {primes_below(26, 1, 2).front(), primes_below(25, 1, 2).front()};
  const Radix r(primes, 0.25);
  const i64 product = static_cast<i64>(primes[0] * primes[1]);
  std::mt19937_64 engine(5);
  std::vector<i64> values = {
      0, 1, -1, product / 2, -(product / 2), static_cast<i64>(primes[0]), -static_cast<i64>(primes[1])};
  while (values.size() < 203) values.push_back(static_cast<i64>(engine() % static_cast<u64>(product)) - product / 2);
  std::vector<u64> limbs[2];
  for (int i = 0; i < 2; ++i) {
    const i64 q = static_cast<i64>(primes[static_cast<std::size_t>(i)]);
    for (i64 value : values) limbs[i].push_back(static_cast<u64>((value % q + q) % q));
  }
  const u64* pointers[] = {limbs[0].data(), limbs[1].data()};
  std::vector<double> out(values.size());
  table.recombine(out.data(), pointers, r.radix, values.size());
  for (std::size_t k = 0; k < values.size(); ++k) ASSERT_EQ(static_cast<double>(values[k]) * 0.25, out[k]);
}

TEST_P(EncoderTable, RecombinationGivesTheScalarBitsForAnyPrimes) {
  for (std::size_t count : {1, 2, 3, 8, 25, 64}) {
    for (int mixture = 0; mixture < 3; ++mixture) {
      std::vector<u64> primes;
      for (std::size_t i = 0; i < count; ++i) {
        const int bits = mixture == 0 ? 50 : mixture == 1 ? 28 : i % 3 == 0 ? 50 : i % 3 == 1 ? 13 : 40;
        if (bits == 13 && i > 60) continue;
        primes.push_back(primes_below(bits, 1, 2, primes).front());
      }
      const Radix r(primes, std::ldexp(1.0, -100));
      for (std::size_t n : {1, 8, 11, 32, 77}) {
        std::vector<std::vector<u64>> limbs;
        std::vector<const u64*> pointers;
        for (std::size_t i = 0; i < primes.size(); ++i) {
          std::mt19937_64 engine(static_cast<unsigned>(n + i));
          const u64 q = primes[i], edges[] = {0, q / 2, q / 2 + 1, q - 1};
          limbs.emplace_back(n);
          for (u64& v : limbs.back()) v = engine() % 2 == 0 ? engine() % q : edges[engine() % 4];
        }
        for (const auto& limb : limbs) pointers.push_back(limb.data());
        std::vector<double> out(n + 1, 77), expected(n + 1, 77);
        table.recombine(out.data(), pointers.data(), r.radix, n);
        scalar.recombine(expected.data(), pointers.data(), r.radix, n);
        ASSERT_EQ(bits_of(expected), bits_of(out)) << primes.size() << " primes, mixture " << mixture << ", " << n;
      }
    }
  }
}

TEST_P(EncoderTable, DivisionByTheScaleGivesTheScalarBits) {
  for (std::size_t n : {0, 1, 8, 13, 64}) {
    const std::vector<double> x = random_doubles(n, static_cast<unsigned>(n), 200);
    std::vector<double> out = x, expected = x;
    table.divide_scale(out.data(), 1.337, std::ldexp(1.0, -45), n);
    for (double& v : expected) v = v / 1.337 * std::ldexp(1.0, -45);
    ASSERT_EQ(bits_of(expected), bits_of(out));
  }
}

TEST_P(EncoderTable, SparseProductsFollowTheOrderOfTheirEntries) {
  std::mt19937_64 engine(97);
  for (std::size_t period : {1u, 2u, 4u, 64u}) {
    for (std::size_t most : {0u, 1u, 3u, 20u}) {  // entries of a slot
      std::vector<u32> starts(1, 0), offsets;
      for (std::size_t s = 0; s < period; ++s) {
        for (std::size_t e = engine() % (most + 1); e > 0; --e) offsets.push_back(static_cast<u32>(engine() % 1000));
        starts.push_back(static_cast<u32>(offsets.size()));
      }
      const std::vector<double> values = random_doubles(offsets.size(), 98, 3);
      const SparseMapView map{period, starts.data(), offsets.data(), values.data()};
      for (std::size_t rows : {1u, 2u, 4u, 8u, 16u, 32u, 64u}) {
        for (const auto& [out_slots, in_slots] : {std::pair<std::size_t, std::size_t>(period, 32), {2 * period, 2 * period}, {4 * period, 1}}) {
          const std::vector<double> x = random_doubles(in_slots * rows, 99, 3);
          std::vector<double> out(out_slots * rows, 77), expected(out_slots * rows);
          for (std::size_t i = 0; i < expected.size(); ++i) {
            const std::size_t slot = i / rows, line = slot % period;
            for (std::size_t e = starts[line]; e < starts[line + 1]; ++e) {
              expected[i] += values[e] * x[(slot + offsets[e]) % in_slots * rows + i % rows];
            }
          }
          table.sparse_product(out.data(), out_slots, x.data(), in_slots, map, rows);
          ASSERT_EQ(bits_of(expected), bits_of(out)) << "period " << period << ", " << rows << " rows, of " << in_slots << " slots";
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(AllTables, EncoderTable, ::testing::ValuesIn(available_kernels()),
                         [](const auto& test) { return std::string(test.param->name); });

}  // namespace
}  // namespace tacet::testing
