// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>

#include "serial/bit_packing.h"
#include "serial/crc32c.h"
#include "serial/object_codec.h"
#include "serial/parameters_codec.h"
#include "support/fixture.h"

namespace tacet {
namespace {

using testing::expect_error;
using testing::Lab;
using testing::public_seed;
using testing::secret_seed;
using testing::Shape;

class CodecIn : public ::testing::TestWithParam<RingType> {
 protected:
  const Shape shape{5, 3, 40, 2, 2, GetParam()};
};

INSTANTIATE_TEST_SUITE_P(Rings, CodecIn, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

std::vector<u8> stored(const Lab& lab, const Ciphertext& ciphertext) {
  std::vector<u8> bytes(ciphertext_size(*lab.context, ciphertext));
  store_ciphertext(*lab.context, ciphertext, bytes.data(), bytes.size());
  return bytes;
}

std::vector<u8> stored(const Lab& lab, const SeededEvaluationKey& key) {
  std::vector<u8> bytes(evaluation_key_size(*lab.context, key.level));
  store_evaluation_key(*lab.context, key, bytes.data(), bytes.size());
  return bytes;
}

/// The blob with one byte of its body changed and the checksum right.
std::vector<u8> changed(std::vector<u8> bytes, std::size_t at, u8 value) {
  bytes[48 + at] = value;
  ByteWriter writer(bytes.data(), bytes.size());
  writer.reserve(bytes.size() - 4);
  writer.u32(crc32c(bytes.data(), bytes.size() - 4));
  return bytes;
}

bool equal(const Poly<Eval>& a, const Poly<Eval>& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.limb(0), b.limb(0), a.bytes()) == 0;
}

/// Key of a rotation with eight primes of 340 bits, two special ones of 45, four digits: packed residues of half a key, and a seed.
TEST(ObjectCodec, ARotationKeyOfDegree16384IsFourTenthsOfUnpackedWords) {
  ParameterSpec spec;
  spec.log_n = 14;
  spec.log_scale = 42;
  spec.digit_size = 2;
  spec.q = testing::primes_below(46, 1, 14);
  const std::vector<u64> scales = testing::primes_below(42, 7, 14);
  spec.q.insert(spec.q.end(), scales.begin(), scales.end());
  spec.p = testing::primes_below(45, 2, 14);
  const auto context = Context::create(spec);
  EXPECT_GT(context->log2_q(), 339.9);
  EXPECT_EQ(4, context->ring().digits(7));
  const std::size_t residues = std::size_t{4} * 16384 * (46 + 7 * 42 + 2 * 45) / 8;
  const std::size_t size = evaluation_key_size(*context, 7);
  EXPECT_GE(size, residues);
  EXPECT_LE(size, residues + 200);      // header, key's fields, seed, checksum
  EXPECT_LE(5 * size, 2 * std::size_t{8} * 9 * 16384 * sizeof(u64));  // 40 % of eight digits of nine limbs in whole words
}

TEST_P(CodecIn, ParametersRoundTrips) {
  ParameterSpec spec = testing::spec_of(shape);
  spec.hash[31] = 7;
  const std::vector<u8> bytes = store_parameters(spec);
  const ParameterSpec back = load_parameters(bytes.data(), bytes.size());
  EXPECT_EQ(spec.q, back.q);
  EXPECT_EQ(spec.p, back.p);
  EXPECT_EQ(spec.hash, back.hash);
  EXPECT_EQ(spec.ring_type, back.ring_type);
  EXPECT_EQ(spec.log_n, back.log_n);
  EXPECT_EQ(spec.log_scale, back.log_scale);
  EXPECT_EQ(spec.digit_size, back.digit_size);
  EXPECT_EQ(spec.security, back.security);
}

TEST_P(CodecIn, ParametersRefusesUnknownNumbersAndWrongLengths) {
  const std::vector<u8> good = store_parameters(testing::spec_of(shape));
  const auto refused = [&](std::size_t at, u8 value, std::vector<std::string> parts) {
    const std::vector<u8> bytes = changed(good, at, value);
    expect_error(Code::kMalformed, parts, [&] { load_parameters(bytes.data(), bytes.size()); });
  };
  refused(0, 2, {"ring type 2"});
  refused(3, 4, {"security level 4"});
  refused(5, 255, {"chain prime", "255 items"});
  refused(5, 1, {"left over"});
  refused(7, 1, {"reserved"});
}

TEST_P(CodecIn, CiphertextSeededFullAndThreeComponentsRoundTrip) {
  Lab lab(shape);
  const Ciphertext seeded = lab.encrypt(lab.random(1));
  ASSERT_TRUE(seeded.seed.has_value());
  const Ciphertext full = lab.evaluator.rescale(lab.evaluator.multiply_scalar(seeded, 0.5, Scale().times_prime(3)));
  const Ciphertext three = lab.evaluator.square(seeded);
  for (const Ciphertext* ciphertext : {&seeded, &full, &three}) {
    const std::vector<u8> bytes = stored(lab, *ciphertext);
    const Ciphertext back = load_ciphertext(*lab.context, bytes.data(), bytes.size());
    EXPECT_EQ(ciphertext->level, back.level);
    EXPECT_EQ(ciphertext->scale, back.scale);
    EXPECT_EQ(ciphertext->encoding, back.encoding);
    EXPECT_EQ(ciphertext->seed.has_value(), back.seed.has_value());
    ASSERT_EQ(ciphertext->size(), back.size());
    for (std::size_t k = 0; k < back.components.size(); ++k) EXPECT_TRUE(equal(ciphertext->components[k], back.components[k]));
    EXPECT_EQ(bytes, stored(lab, back));
  }
  EXPECT_LT(stored(lab, seeded).size() * 2 - 200, stored(lab, lab.evaluator.negate(seeded)).size());
}

TEST_P(CodecIn, CiphertextResiduesArePackedToTheirPrimesWidthInOrder) {
  Lab lab(shape);
  const Ciphertext full = lab.evaluator.negate(lab.encrypt(lab.random(2)));
  const std::vector<u8> bytes = stored(lab, full);
  std::size_t at = 48 + 4 + 5;  // header; encoding, level, components, seeded; a power of two as the scale
  for (const Poly<Eval>& component : full.components) {
    for (int limb = 0; limb <= full.level; ++limb) {
      const std::size_t width = static_cast<std::size_t>(packed_bits(lab.ring().modulus(limb).value));
      for (std::size_t j = 0; j < lab.context->n(); ++j) {
        u64 value = 0;
        for (std::size_t bit = 0; bit < width; ++bit) {
          const std::size_t position = j * width + bit;
          value |= static_cast<u64>(bytes[at + position / 8] >> (position % 8) & 1) << bit;
        }
        ASSERT_EQ(component.limb(limb)[j], value);
      }
      at += (lab.context->n() * width + 7) / 8;
    }
  }
  EXPECT_EQ(bytes.size() - 4, at);
}

Ciphertext in_coefficients(Lab& lab) {
  const double values[] = {0.5, -0.25, 1};
  const Plaintext plaintext = lab.encoder.encode_coefficients(values, 3, lab.top(), lab.scale);
  return encrypt_secret(lab.ring(), lab.secret, plaintext, public_seed(5), secret_seed(5));
}

TEST_P(CodecIn, ExtractedCiphertextsRoundTripAndTakeLittleMoreThanOnePolynomial) {
  Lab lab(shape);
  const Ciphertext whole = in_coefficients(lab);
  for (const std::vector<u32>& indexes : std::vector<std::vector<u32>>{{0}, {2, 5, 9}, {0, 1, 2, 3, 4, 5, 6, 31}}) {
    const Ciphertext extracted = lab.evaluator.extract(whole, indexes);
    const std::vector<u8> bytes = stored(lab, extracted);
    const Ciphertext back = load_ciphertext(*lab.context, bytes.data(), bytes.size());
    EXPECT_EQ(Encoding::kExtracted, back.encoding);
    EXPECT_EQ(extracted.level, back.level);
    EXPECT_EQ(extracted.scale, back.scale);
    EXPECT_EQ(indexes, back.extracted.indexes);
    EXPECT_EQ(extracted.extracted.residues, back.extracted.residues);
    ASSERT_EQ(1, back.size());
    EXPECT_TRUE(equal(extracted.components[0], back.components[0]));
    EXPECT_EQ(bytes, stored(lab, back));
    EXPECT_LE(bytes.size(), stored(lab, whole).size() + indexes.size() * (2 + 4 * 50 / 8) + 4 * 4);
  }
}

TEST_P(CodecIn, ExtractedCiphertextsAreRefusedWhereAnythingIsWrong) {
  Lab lab(shape);
  const std::vector<u8> good = stored(lab, lab.evaluator.extract(in_coefficients(lab), {2, 5, 9}));
  const auto refused = [&](std::size_t at, u8 value, std::vector<std::string> parts) {
    const std::vector<u8> bytes = changed(good, at, value);
    expect_error(Code::kMalformed, parts, [&] { load_ciphertext(*lab.context, bytes.data(), bytes.size()); });
  };
  const std::size_t fields = 4 + 5;  // encoding, level, components, seeded; a power of two as the scale
  refused(1, 4, {"level 4"});
  refused(2, 3, {"extracted", "3 components"});
  refused(3, 1, {"extracted", "seed"});
  refused(fields, 0, {"0 extracted coefficients"});
  refused(fields, 4, {"ciphertext"});
  refused(fields + 3, 255, {"extracted coefficients"});
  refused(fields + 4, 5, {"3 extracted coefficients", "ascend"});
  refused(fields + 4 + 5, 1, {"3 extracted coefficients", "ascend below"});
  for (std::size_t size = 0; size < good.size(); ++size) {
    expect_error(Code::kMalformed, {"ciphertext"}, [&] { load_ciphertext(*lab.context, good.data(), size); });
  }
  for (const u8 bit : {0, 7}) {  // no mutation of one byte is taken for another ciphertext of the same type
    for (std::size_t at = 0; at < good.size() - 52; ++at) {
      const std::vector<u8> bytes = changed(good, at, static_cast<u8>(good[48 + at] ^ (1 << bit)));
      try {
        EXPECT_EQ(bytes, stored(lab, load_ciphertext(*lab.context, bytes.data(), bytes.size())));
      } catch (const Error& error) {
        EXPECT_EQ(static_cast<int>(Code::kMalformed), static_cast<int>(error.code)) << error.text;
      }
    }
  }
}

TEST_P(CodecIn, CiphertextEveryFieldOutOfRangeIsNamed) {
  Lab lab(shape);
  const std::vector<u8> good = stored(lab, lab.encrypt(lab.random(3)));
  const auto refused = [&](std::size_t at, u8 value, std::vector<std::string> parts) {
    const std::vector<u8> bytes = changed(good, at, value);
    expect_error(Code::kMalformed, parts, [&] { load_ciphertext(*lab.context, bytes.data(), bytes.size()); });
  };
  refused(0, 3, {"encoding 3"});
  refused(0, 2, {"extracted", "seed"});
  refused(1, 4, {"level 4", "ends at level 3"});
  refused(1, 2, {"left over"});
  refused(2, 1, {"1 components"});
  refused(2, 4, {"4 components"});
  refused(2, 3, {"seeded with 3"});
  refused(3, 2, {"seeded is 2"});
  refused(3, 0, {"limbs", "counts 2 items"});
}

TEST_P(CodecIn, CiphertextResiduesAtOrAboveTheirPrimeAreRefused) {
  Lab lab(shape);
  std::vector<u8> bytes = stored(lab, lab.encrypt(lab.random(4)));
  const std::size_t limbs = 4 + 5 + 32;
  std::memset(bytes.data() + 48 + limbs, 0xFF, 10);
  bytes = changed(bytes, limbs, 0xFF);
  expect_error(Code::kMalformed, {"residue 0", "limb 0"}, [&] { load_ciphertext(*lab.context, bytes.data(), bytes.size()); });
}

TEST_P(CodecIn, PublicKeyRoundTripsBothHalves) {
  Lab lab(shape);
  const PublicKey key = make_public_key(lab.ring(), lab.secret, public_seed(3), secret_seed(4));
  std::vector<u8> bytes(public_key_size(*lab.context));
  store_public_key(*lab.context, key, bytes.data(), bytes.size());
  const PublicKey back = load_public_key(*lab.context, bytes.data(), bytes.size());
  EXPECT_TRUE(equal(key.a, back.a));
  EXPECT_TRUE(equal(key.b, back.b));
  EXPECT_EQ(key.seed.bytes, back.seed.bytes);
}

TEST_P(CodecIn, EvaluationKeyRoundTripsAtEveryLevel) {
  Lab lab(shape);
  for (int level = 0; level <= lab.top(); ++level) {
    const u32 galois = level == 0 ? 0 : 5;
    const auto key = make_evaluation_key(lab.ring(), lab.secret, galois, level, public_seed(5), secret_seed(6));
    const std::vector<u8> bytes = stored(lab, key);
    const SeededEvaluationKey back = load_evaluation_key(*lab.context, bytes.data(), bytes.size());
    EXPECT_EQ(key.galois, back.galois);
    EXPECT_EQ(key.level, back.level);
    EXPECT_EQ(key.seed.bytes, back.seed.bytes);
    ASSERT_EQ(key.b.size(), back.b.size());
    for (std::size_t j = 0; j < key.b.size(); ++j) EXPECT_TRUE(equal(key.b[j], back.b[j]));
  }
}

TEST_P(CodecIn, EvaluationKeyAnotherElementLevelOrDigitLayoutIsNamed) {
  Lab lab(shape);
  const std::vector<u8> good = stored(lab, make_evaluation_key(lab.ring(), lab.secret, 5, 3, public_seed(5), secret_seed(6)));
  const auto refused = [&](std::size_t at, u8 value, std::vector<std::string> parts) {
    const std::vector<u8> bytes = changed(good, at, value);
    expect_error(Code::kMalformed, parts, [&] { load_evaluation_key(*lab.context, bytes.data(), bytes.size()); });
  };
  refused(0, 6, {"Galois element 6"});
  if (GetParam() == RingType::kStandard) {
    refused(1, 1, {"Galois element 261", "odd and below 2N = 64"});
  } else {
    refused(0, 3, {"Galois element 3", "1 modulo 4 and below 4N = 128"});
    refused(1, 1, {"Galois element 261"});
  }
  refused(4, 9, {"level 9"});
  refused(5, 3, {"3 digits of 2 primes with 2"});
  refused(6, 1, {"2 digits of 1 primes"});
  refused(7, 1, {"with 1 special"});
  refused(4, 1, {"have 1 of 2 with 2 at level 1"});
}

TEST_P(CodecIn, SecretKeyTheKeyIsItsSeed) {
  Lab lab(shape);
  std::vector<u8> bytes(secret_key_size());
  store_secret_key(*lab.context, lab.secret, bytes.data(), bytes.size());
  const SecretKey back = load_secret_key(*lab.context, bytes.data(), bytes.size());
  EXPECT_EQ(0, std::memcmp(lab.secret.ternary(), back.ternary(), back.n()));
}

TEST_P(CodecIn, ARangeOfAnotherSizeIsRefused) {
  Lab lab(shape);
  std::vector<u8> bytes(secret_key_size() + 1);
  expect_error(Code::kInvalidArgument, {"has 84 bytes", "has 85"},
               [&] { store_secret_key(*lab.context, lab.secret, bytes.data(), bytes.size()); });
}

}  // namespace
}  // namespace tacet
