// SPDX-License-Identifier: Apache-2.0
#include "ring/ring.h"

#include "reference/vectors.h"
#include "ring/automorphism.h"
#include "ring/mod_switch.h"
#include "ring/transform.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

Poly<Coeff> poly_of(const std::vector<u64>& words, std::size_t n, int q_limbs, int p_limbs) {
  Poly<Coeff> out(n, q_limbs, p_limbs);
  std::copy(words.begin(), words.end(), out.limb(0));
  return out;
}

/// Small coefficients modulo the first q_limbs chain primes.
Poly<Coeff> poly_of(const std::vector<int>& coefficients, const Ring& ring, int q_limbs) {
  Poly<Coeff> out(ring.n(), q_limbs);
  for (int limb = 0; limb < q_limbs; ++limb) {
    for (std::size_t i = 0; i < ring.n(); ++i) out.limb(limb)[i] = residue_of(coefficients[i], 0, ring.modulus(limb));
  }
  return out;
}

template <class Domain>
std::vector<u64> words_of(const Poly<Domain>& x) {
  return std::vector<u64>(x.limb(0), x.limb(0) + x.n() * static_cast<std::size_t>(x.limbs()));
}

Poly<Coeff> random_poly(const Ring& ring, int q_limbs, int p_limbs, unsigned seed) {
  std::mt19937_64 engine(seed);
  Poly<Coeff> out(ring.n(), q_limbs, p_limbs);
  for (int limb = 0; limb < out.limbs(); ++limb) {
    const u64 q = ring.modulus(ring.index_of(limb, q_limbs)).value;
    for (std::size_t i = 0; i < ring.n(); ++i) out.limb(limb)[i] = engine() % q;
  }
  return out;
}

class KeptTables : public ::testing::TestWithParam<RingType> {};

TEST_P(KeptTables, MakeTheRingThatTheyCameFrom) {
  for (int log_n : {4, 7}) {
    const std::vector<u64> q = primes_below(45, 3, log_n, GetParam()), p = primes_below(50, 1, log_n, GetParam());
    const Ring made(log_n, q, p, 1, GetParam());
    Ring::Tables borrowed;
    for (const Buffer& words : made.tables()) borrowed.push_back(Buffer::borrow(words.data(), words.size()));
    const Ring kept(log_n, q, p, 1, GetParam(), std::move(borrowed));
    for (int i = 0; i < made.chain_length() + made.special_count(); ++i) {
      EXPECT_EQ(made.ntt(i).roots, kept.ntt(i).roots);
      EXPECT_EQ(made.ntt(i).fold, kept.ntt(i).fold);
      EXPECT_EQ(made.ntt(i).unfold_shoup, kept.ntt(i).unfold_shoup);
      EXPECT_EQ(made.ntt(i).n_inverse_root_shoup, kept.ntt(i).n_inverse_root_shoup);
    }
    const Poly<Coeff> x = random_poly(made, 3, 1, 31);
    EXPECT_EQ(words_of(to_eval(made, x)), words_of(to_eval(kept, x)));
    EXPECT_EQ(words_of(x), words_of(to_coeff(kept, to_eval(kept, x))));
  }
}

TEST_P(KeptTables, OfAnotherNumberOrSizeAreRefused) {
  const std::vector<u64> q = primes_below(45, 3, 7, GetParam()), p = primes_below(50, 1, 7, GetParam());
  const auto over = [&](Ring::Tables tables) { Ring ring(7, q, p, 1, GetParam(), std::move(tables)); };
  const Ring made(7, q, p, 1, GetParam());
  Ring::Tables few = made.tables();
  few.pop_back();
  expect_error(Code::kMalformed, {"3 transform tables", "4 moduli"}, [&] { over(std::move(few)); });
  Ring::Tables small = made.tables();
  small[1] = Buffer(small[1].size() - 1);
  expect_error(Code::kMalformed, {"words of a transform table"}, [&] { over(std::move(small)); });
}

INSTANTIATE_TEST_SUITE_P(Rings, KeptTables, ::testing::Values(RingType::kStandard, RingType::kConjugateInvariant));

TEST(KnownAnswers, BasisConversionIsCentredAndExactAgainstBigIntegers) {
  std::vector<Modulus> source, targets;
  for (u64 q : vectors::conversion_sources) source.emplace_back(q);
  for (u64 q : vectors::conversion_targets) targets.emplace_back(q);
  const BasisConversion conversion(source, targets);
  constexpr std::size_t n = 16;
  std::vector<Buffer> prepared;
  std::vector<u64*> pointers;
  for (std::size_t i = 0; i < source.size(); ++i) {
    const u64 scale = conversion.scale(i), q = source[i].value;
    prepared.emplace_back(n);
    pointers.push_back(prepared[i].data());
    kernels().multiply_constant(pointers[i], vectors::conversion_in.data() + i * n, scale, shoup(scale, q), n, q);
  }
  conversion.attach_overflow(pointers.data(), n);
  for (std::size_t t = 0; t < targets.size(); ++t) {
    Buffer out(n);
    conversion.convert(out.data(), pointers.data(), n, static_cast<int>(t));
    for (std::size_t i = 0; i < n; ++i)
      EXPECT_EQ(vectors::conversion_out[t * n + i], out.data()[i]) << "target " << t << " at " << i;
  }
}

class KnownAnswersIn : public ::testing::TestWithParam<RingType> {
 protected:
  const vectors::OfRing& known = vectors::of(GetParam());
  const Ring ring{4, known.divide_chain, known.divide_special, 1, GetParam()};
};

TEST_P(KnownAnswersIn, ModDownRoundsToTheNearestMultipleOfP) {
  const Poly<Eval> x = to_eval(ring, poly_of(known.mod_down_in, 16, 3, 2));
  EXPECT_EQ(known.mod_down_out, words_of(to_coeff(ring, mod_down(ring, {&x}).front())));
}

TEST_P(KnownAnswersIn, RescaleRoundsToTheNearestMultipleOfTheLastPrime) {
  const Poly<Eval> x = to_eval(ring, poly_of(known.rescale_in, 16, 3, 0));
  EXPECT_EQ(known.rescale_out, words_of(to_coeff(ring, divide_by_last(ring, {x}).front())));
}

TEST_P(KnownAnswersIn, AProductIsThatOfTheRing) {
  const Poly<Eval> left = to_eval(ring, poly_of(known.product_left, ring, 3));
  const Poly<Eval> right = to_eval(ring, poly_of(known.product_right, ring, 3));
  EXPECT_EQ(words_of(poly_of(known.product, ring, 3)), words_of(to_coeff(ring, multiply(ring, left, right, 3))));
}

TEST_P(KnownAnswersIn, AnAutomorphismSubstitutesXToTheG) {
  const Poly<Eval> x = to_eval(ring, poly_of(known.product_left, ring, 3));
  for (std::size_t k = 0; k < known.automorphism_elements.size(); ++k) {
    const u32 g = static_cast<u32>(known.automorphism_elements[k]);
    const auto first = known.automorphism_values.begin() + static_cast<std::ptrdiff_t>(16 * k);
    const std::vector<int> expected(first, first + 16);
    EXPECT_EQ(words_of(poly_of(expected, ring, 3)),
              words_of(to_coeff(ring, permute(ring, x, automorphism_permutation(ring, g)))))
        << "g = " << g;
  }
}

INSTANTIATE_TEST_SUITE_P(Rings, KnownAnswersIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST(Ring, RefusesPrimesThatAreWideCompositeRepeatedOrNotOneModulo2N) {
  const std::vector<u64> good = primes_below(40, 2, 10);
  const auto make = [](std::vector<u64> q, std::vector<u64> p) { Ring ring(10, std::move(q), std::move(p), 1); };
  expect_error(Code::kInvalidArgument, {"1152921504606846976", "2^50"}, [&] { make({u64{1} << 60}, {}); });
  expect_error(Code::kInvalidArgument, {"1099511627775", "2N = 2048"}, [&] { make({(u64{1} << 40) - 1}, {}); });
  expect_error(Code::kInvalidArgument, {"4194305", "not prime"}, [&] { make({4194305}, {}); });
  expect_error(Code::kInvalidArgument, {std::to_string(good[0]), "twice"},
               [&] { make({good[0], good[1]}, {good[0]}); });
  const u64 half = primes_below(40, 1, 10, RingType::kConjugateInvariant).front() - 2048;  // 1 modulo 2N, not 4N
  expect_error(Code::kInvalidArgument, {std::to_string(half), "4N = 4096"},
               [&] { Ring(10, {half}, {}, 1, RingType::kConjugateInvariant); });
}

class RingIn : public ::testing::TestWithParam<RingType> {};

INSTANTIATE_TEST_SUITE_P(Rings, RingIn, ::testing::ValuesIn(kBothRings),
                         [](const auto& test) { return name_of(test.param); });

TEST_P(RingIn, DigitsAreCountedByTheCeiling) {
  const Ring ring(5, primes_below(40, 7, 5, GetParam()), primes_below(50, 1, 5, GetParam()), 3, GetParam());
  EXPECT_EQ(1, ring.digits(0));
  EXPECT_EQ(1, ring.digits(2));
  EXPECT_EQ(2, ring.digits(3));
  EXPECT_EQ(3, ring.digits(6));
}

/// 3 X^31 times 5 X^2, or 3 (X^31 + X^-31) times 5 (X^2 + X^-2), modulo X^32 + 1 and X^64 + 1.
TEST_P(RingIn, MultiplicationIsNegacyclic) {
  const bool standard = GetParam() == RingType::kStandard;
  const Ring ring(5, primes_below(45, 2, 5, GetParam()), {}, 1, GetParam());
  Poly<Coeff> x = Poly<Coeff>::zero(32, 2), y = Poly<Coeff>::zero(32, 2);
  for (int limb = 0; limb < 2; ++limb) {
    x.limb(limb)[31] = 3;
    y.limb(limb)[2] = 5;
  }
  const Poly<Coeff> product = to_coeff(ring, multiply(ring, to_eval(ring, x), to_eval(ring, y), 2));
  for (int limb = 0; limb < 2; ++limb) {
    std::vector<u64> expected(32, 0);
    expected[standard ? 1 : 31] = ring.modulus(limb).value - 15;  // X^33 = -X, or X^33 + X^-33 = -(X^31 + X^-31)
    if (!standard) expected[29] = 15;
    EXPECT_EQ(expected, std::vector<u64>(product.limb(limb), product.limb(limb) + 32));
  }
}

TEST(Automorphism, PermutationEqualsSubstitutionOfXToTheGForEveryOddG) {
  const Ring ring(6, primes_below(45, 1, 6), {}, 1);
  const u64 q = ring.modulus(0).value;
  const Poly<Coeff> x = random_poly(ring, 1, 0, 3);
  for (u32 g = 1; g < 128; g += 2) {
    Poly<Coeff> expected(64, 1);
    for (u32 i = 0; i < 64; ++i) {
      const u32 k = i * g % 128;
      expected.limb(0)[k % 64] = k < 64 ? x.limb(0)[i] : negate_mod(x.limb(0)[i], q);
    }
    const Poly<Eval> actual = permute(ring, to_eval(ring, x), automorphism_permutation(ring, g));
    EXPECT_EQ(words_of(expected), words_of(to_coeff(ring, actual))) << "g = " << g;
  }
}

TEST(Automorphism, GaloisElementsArePowersOfFiveWithNegativeStepsWrapped) {
  for (RingType type : kBothRings) {
    const Ring ring(6, primes_below(45, 1, 6, type), {}, 1, type);
    const i64 slots = type == RingType::kStandard ? 32 : 64;
    EXPECT_EQ(static_cast<std::size_t>(slots), slot_count(ring));
    EXPECT_EQ(1u, galois_element(ring, 0));
    EXPECT_EQ(5u, galois_element(ring, 1));
    EXPECT_EQ(25u, galois_element(ring, 2));
    EXPECT_EQ(galois_element(ring, slots - 1), galois_element(ring, -1));
    EXPECT_EQ(1u, galois_element(ring, slots));
    EXPECT_NE(1u, galois_element(ring, slots / 2));
  }
}

TEST(Automorphism, NumbersThatAreNoGaloisElementsOfTheRingAreRefused) {
  const Ring standard(6, primes_below(45, 1, 6), {}, 1);
  EXPECT_TRUE(is_galois_element(standard, 3));
  EXPECT_EQ(127u, conjugation_element(standard));
  expect_error(Code::kInvalidArgument, {"6", "odd", "2N = 128"}, [&] { automorphism_permutation(standard, 6); });
  expect_error(Code::kInvalidArgument, {"129", "2N = 128"}, [&] { automorphism_permutation(standard, 129); });
  const RingType type = RingType::kConjugateInvariant;
  const Ring real(6, primes_below(45, 1, 6, type), {}, 1, type);
  EXPECT_TRUE(is_galois_element(real, 129));
  EXPECT_FALSE(is_galois_element(real, 0));
  expect_error(Code::kInvalidArgument, {"251", "1 modulo 4", "4N = 256"}, [&] { automorphism_permutation(real, 251); });
  expect_error(Code::kInvalidArgument, {"257", "4N = 256"}, [&] { automorphism_permutation(real, 257); });
  expect_error(Code::kUnsupported, {"conjugate", "CONJUGATE_INVARIANT"}, [&] { conjugation_element(real); });
}

TEST(Automorphism, TheRealRingHasTheValuesOfTheStandardOneOfTwiceTheDegree) {
  const RingType type = RingType::kConjugateInvariant;
  const std::vector<u64> primes = primes_below(45, 1, 6, type);
  const Ring real(6, primes, {}, 1, type), standard(7, primes, {}, 1);
  const Poly<Coeff> x = random_poly(real, 1, 0, 5);
  Poly<Coeff> embedded = Poly<Coeff>::zero(128, 1);
  for (std::size_t i = 0; i < 64; ++i) {
    embedded.limb(0)[i] = x.limb(0)[i];
    if (i > 0) embedded.limb(0)[128 - i] = negate_mod(x.limb(0)[i], primes[0]);
  }
  const Poly<Eval> values = to_eval(real, x), all = to_eval(standard, embedded);
  EXPECT_EQ(words_of(values), std::vector<u64>(all.limb(0), all.limb(0) + 64));
  for (i64 steps : {1, -1, 17}) {
    const Poly<Eval> rotated = permute(real, values, automorphism_permutation(real, galois_element(real, steps)));
    const Poly<Eval> same = permute(standard, all, automorphism_permutation(standard, galois_element(standard, steps)));
    EXPECT_EQ(words_of(rotated), std::vector<u64>(same.limb(0), same.limb(0) + 64));
  }
}

TEST(Decompose, DigitsAreCentredAndTheGadgetReconstructsTheInput) {
  for (const auto& [alpha, type] : std::vector<std::pair<int, RingType>>{{1, RingType::kStandard},
                                                                         {2, RingType::kStandard},
                                                                         {3, RingType::kStandard},
                                                                         {1, RingType::kConjugateInvariant},
                                                                         {2, RingType::kConjugateInvariant},
                                                                         {3, RingType::kConjugateInvariant}}) {
    const Ring ring(5, primes_below(45, 5, 5, type), primes_below(50, 2, 5, type), alpha, type);
    const Poly<Coeff> x = random_poly(ring, 4, 0, 9);
    const Poly<Eval> transformed = to_eval(ring, x);
    const Decomposition digits(ring, transformed);
    ASSERT_EQ(static_cast<std::size_t>(ring.digits(3)), digits.digits());
    for (int j = 0; j < ring.digits(3); ++j) {
      Poly<Eval> lifted(ring.n(), 4, 2);
      for (int limb = 0; limb < lifted.limbs(); ++limb) {
        const u64* found = digits.digit(static_cast<std::size_t>(j), limb, lifted.limb(limb));
        std::copy_n(found, ring.n(), lifted.limb(limb));
      }
      const Poly<Coeff> digit = to_coeff(ring, lifted);
      const int first = j * alpha;
      const int size = std::min(alpha, 4 - first);
      // modulo its own primes a digit is the input: with the gadget's indicator residues, sum_j digit_j * gadget_j = x
      // modulo each q_i
      for (int i = first; i < first + size; ++i) {
        for (std::size_t k = 0; k < ring.n(); ++k) EXPECT_EQ(x.limb(i)[k], digit.limb(i)[k]);
      }
      if (size == 1) {  // the lift of one residue is its centred representative
        const u64 own = ring.modulus(first).value;
        for (int limb = 0; limb < digit.limbs(); ++limb) {
          const u64 q = ring.modulus(ring.index_of(limb, 4)).value;
          for (std::size_t k = 0; k < ring.n(); ++k) {
            const u64 r = x.limb(first)[k];
            const u64 expected = r > own / 2 ? negate_mod((own - r) % q, q) : r % q;
            EXPECT_EQ(expected, digit.limb(limb)[k]);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tacet::testing
