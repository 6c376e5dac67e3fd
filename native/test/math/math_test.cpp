// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <random>

#include "math/modulus.h"
#include "math/primes.h"
#include "reference/vectors.h"
#include "util/error.h"

namespace tacet {
namespace {

constexpr u64 kPrimes[] = {3, 97, 7681, 1073479681, 1125899906840833};

TEST(Modulus, BarrettReductionIsExactAtTheEdgesOfItsRange) {
  for (u64 q : kPrimes) {
    const Modulus m(q);
    const u128 limit = static_cast<u128>(1) << (63 + m.bits);
    for (u128 x : {static_cast<u128>(0), static_cast<u128>(q - 1), static_cast<u128>(q), static_cast<u128>(q) * q - 1,
                   limit - 1, limit / q * q - 1, limit / q * q - q, static_cast<u128>(q - 1) * (q - 1)}) {
      EXPECT_EQ(static_cast<u64>(x % q), m.reduce(x)) << q;
    }
  }
}

TEST(Modulus, ShoupProductStaysBelowTwiceTheModulusForAnyWord) {
  for (u64 q : kPrimes) {
    for (u64 w : {u64{0}, u64{1}, q / 2, q - 1}) {
      const u64 companion = shoup(w, q);
      EXPECT_EQ(companion, shoup(w, Modulus(q))) << w << " modulo " << q;
      for (u64 x : {u64{0}, q - 1, 2 * q - 1, 4 * q - 1, ~u64{0}}) {
        EXPECT_LT(mul_shoup_lazy(x, w, companion, q), 2 * q);
        EXPECT_EQ(static_cast<u64>(static_cast<u128>(x) * w % q), mul_shoup(x, w, companion, q));
      }
    }
  }
}

TEST(Modulus, CompanionsWithoutADivisionAreThoseOfTheDivision) {
  std::mt19937_64 random(5);
  for (u64 q : kPrimes) {
    const Modulus m(q);
    for (int k = 0; k < 2000; ++k) {
      const u64 w = k < 100 ? static_cast<u64>(k) % q : k < 200 ? q - 1 - static_cast<u64>(k) % (q - 1) : random() % q;
      ASSERT_EQ(shoup(w, q), shoup(w, m)) << w << " modulo " << q;
    }
  }
}

TEST(Modulus, InversesMultiplyToOne) {
  for (u64 q : kPrimes) {
    const Modulus m(q);
    for (u64 a : {u64{1}, u64{2}, q - 1}) EXPECT_EQ(1u, mul_mod(a, inverse_mod(a, m), m));
    EXPECT_THROW(inverse_mod(q, m), Error);
  }
}

TEST(Modulus, ResiduesOfBigIntegersAreExactAndSigned) {
  const Modulus m(7681);
  EXPECT_EQ(7681u - 5u, residue_of(-5, 0, m));
  EXPECT_EQ(pow_mod(2, 200, m) * 3 % 7681, residue_of(3, 200, m));
  EXPECT_EQ(7681 - pow_mod(2, 100, m), residue_of(-1, 100, m));
  EXPECT_EQ(static_cast<u64>(7681 - (u64{1} << 63) % 7681), residue_of(INT64_MIN, 0, m));
}

TEST(Modulus, EvenSmallAndWideModuliAreRefused) {
  EXPECT_THROW(Modulus(2), Error);
  EXPECT_THROW(Modulus(100), Error);
  EXPECT_THROW(Modulus((u64{1} << 50) + 1), Error);
}

TEST(Primes, AreRecognisedIncludingCarmichaelNumbersAndStrongPseudoprimes) {
  for (u64 p : kPrimes) EXPECT_TRUE(is_prime(p));
  EXPECT_TRUE(is_prime(18446744073709551557ULL));
  for (u64 n :
       {u64{0}, u64{1}, u64{561}, u64{41041}, u64{3215031751}, u64{3825123056546413051}, u64{1125899906840831}}) {
    EXPECT_FALSE(is_prime(n)) << n;
  }
}

TEST(Primes, TheCanonicalRootIsTheReferenceOne) {
  for (RingType ring : {RingType::kStandard, RingType::kConjugateInvariant}) {
    const vectors::OfRing& known = vectors::of(ring);
    EXPECT_EQ(known.ntt_small_root, primitive_root(Modulus(known.ntt_small_prime), root_order(ring, 16) / 2));
    EXPECT_EQ(known.ntt_large_root, primitive_root(Modulus(known.ntt_large_prime), root_order(ring, 16) / 2));
    EXPECT_EQ(known.ntt_4096_root, primitive_root(Modulus(known.ntt_4096_prime), root_order(ring, 4096) / 2));
  }
  EXPECT_THROW(primitive_root(Modulus(97), 32), Error);
}

TEST(Primes, BitReversalIsAnInvolution) {
  EXPECT_EQ(1u, bit_reverse(4, 3));
  EXPECT_EQ(6u, bit_reverse(3, 3));
  for (u32 i = 0; i < 64; ++i) EXPECT_EQ(i, bit_reverse(bit_reverse(i, 6), 6));
}

}  // namespace
}  // namespace tacet
