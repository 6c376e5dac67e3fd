// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameter sets, keys and numbers for tests. Everything is deterministic in the seeds given.

#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "math/primes.h"
#include "math/ring_type.h"
#include "util/error.h"

#if __has_include("ckks/evaluator.h")
#include "ckks/evaluator.h"
#include "rlwe/encryption.h"
#endif

namespace tacet::testing {

inline constexpr RingType kBothRings[] = {RingType::kStandard, RingType::kConjugateInvariant};

inline std::string name_of(RingType ring) { return ring == RingType::kStandard ? "standard" : "conjugate_invariant"; }

/// The largest `count` primes below 2^bits that are 1 modulo root_order(ring, n) and not in `taken`.
inline std::vector<u64> primes_below(int bits, int count, int log_n, RingType ring = RingType::kStandard,
                                     const std::vector<u64>& taken = {}) {
  const u64 step = root_order(ring, u64{1} << log_n);
  std::vector<u64> out;
  for (u64 q = (((u64{1} << bits) - 1) / step) * step + 1; static_cast<int>(out.size()) < count; q -= step) {
    if ((q >> bits) != 0 || !is_prime(q)) continue;
    bool fresh = true;
    for (u64 other : taken) fresh = fresh && other != q;
    if (fresh) out.push_back(q);
  }
  return out;
}

inline std::vector<u64> primes_below(int bits, int count, int log_n, const std::vector<u64>& taken) {
  return primes_below(bits, count, log_n, RingType::kStandard, taken);
}

/// For each size the largest prime of either ring.
inline std::vector<u64> primes_of_both_rings(const std::vector<int>& sizes, int log_n) {
  std::vector<u64> out;
  for (int bits : sizes) {
    for (RingType ring : kBothRings) out.push_back(primes_below(bits, 1, log_n, ring).front());
  }
  return out;
}

/// Expects `body` to throw Error with that code and a text that holds every one of `parts`.
template <class Body>
void expect_error(Code code, const std::vector<std::string>& parts, const Body& body) {
  try {
    body();
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(static_cast<int>(code), static_cast<int>(error.code)) << error.text;
    for (const std::string& part : parts) {
      EXPECT_NE(std::string::npos, error.text.find(part)) << "\"" << error.text << "\" does not say \"" << part << "\"";
    }
  }
}

#if __has_include("ckks/evaluator.h")

struct Shape {
  int log_n;
  int levels;  // above 0
  int scale_bits;
  int digit_size;
  int special_count;
  RingType ring = RingType::kStandard;

  Shape in(RingType other) const { return {log_n, levels, scale_bits, digit_size, special_count, other}; }
};

/// The shapes, in each ring.
inline std::vector<Shape> in_both_rings(const std::vector<Shape>& shapes) {
  std::vector<Shape> out;
  for (RingType ring : kBothRings) {
    for (const Shape& shape : shapes) out.push_back(shape.in(ring));
  }
  return out;
}

inline std::string name_of(const Shape& s) {
  return "N" + std::to_string(s.log_n) + "_L" + std::to_string(s.levels) + "_alpha" + std::to_string(s.digit_size) +
         "_k" + std::to_string(s.special_count) + "_" + name_of(s.ring);
}

inline ParameterSpec spec_of(const Shape& shape) {
  ParameterSpec spec;
  spec.ring_type = shape.ring;
  spec.log_n = shape.log_n;
  spec.log_scale = shape.scale_bits;
  spec.security = Security::kUncheckedForTests;
  spec.digit_size = shape.digit_size;
  spec.q = primes_below(49, 1, shape.log_n, shape.ring);
  const std::vector<u64> scales = primes_below(shape.scale_bits, shape.levels, shape.log_n, shape.ring);
  spec.q.insert(spec.q.end(), scales.begin(), scales.end());
  spec.p = primes_below(50, shape.special_count, shape.log_n, shape.ring, spec.q);
  return spec;
}

inline PublicSeed public_seed(u8 id) {
  PublicSeed seed;
  seed.bytes.fill(id);
  return seed;
}

inline SecretSeed secret_seed(u8 id) {
  u8 bytes[32] = {id, 0x5e, 0xc2};
  return SecretSeed(bytes);
}

/// A context with a secret key and as many evaluation keys as a test asks for.
struct Lab {
  explicit Lab(const Shape& shape) : Lab(spec_of(shape)) {}
  explicit Lab(const ParameterSpec& spec)
      : context(Context::create(spec)),
        secret(SecretKey::from_seed(context->ring(), secret_seed(1))),
        keys(std::make_shared<EvaluationKeySet>()),
        evaluator(context, keys),
        encoder(context),
        scale(Scale::power_of_two(spec.log_scale)) {}

  const Ring& ring() const { return context->ring(); }
  int top() const { return context->max_level(); }
  std::size_t slots() const { return context->slots(); }

  void add_key(u32 galois, int level) {
    const u8 id = next_seed++;
    keys->add(std::make_shared<EvaluationKey>(
        expand(ring(), make_evaluation_key(ring(), secret, galois, level, public_seed(id), secret_seed(id)))));
  }
  void add_key(u32 galois) { add_key(galois, top()); }
  void add_rotation(i64 steps) { add_key(galois_element(ring(), steps)); }

  std::vector<double> random(unsigned seed, double bound = 1.0) const {
    std::mt19937_64 engine(seed);
    std::uniform_real_distribution<double> numbers(-bound, bound);
    std::vector<double> out(slots());
    for (double& x : out) x = numbers(engine);
    return out;
  }

  Ciphertext encrypt(const std::vector<double>& x, int level) {
    const u8 id = next_seed++;
    return encrypt_secret(ring(), secret, encoder.encode(x.data(), nullptr, x.size(), level, scale), public_seed(id),
                          secret_seed(id));
  }
  Ciphertext encrypt(const std::vector<double>& x) { return encrypt(x, top()); }

  std::vector<double> decrypt(const Ciphertext& ciphertext, DecodeStats* stats = nullptr) const {
    std::vector<double> out(slots());
    encoder.decode(tacet::decrypt(ring(), secret, ciphertext), out.data(), nullptr, stats);
    return out;
  }

  /// Largest |decrypted slot - expected(slot)|, imaginary parts counted as errors.
  template <class Expected>
  double error(const Ciphertext& ciphertext, const Expected& expected) const {
    std::vector<double> real(slots()), imaginary(slots());
    encoder.decode(tacet::decrypt(ring(), secret, ciphertext), real.data(), imaginary.data());
    double worst = 0;
    for (std::size_t i = 0; i < slots(); ++i) {
      worst = std::fmax(worst, std::hypot(real[i] - expected(i), imaginary[i]));
    }
    return worst;
  }

  std::shared_ptr<const Context> context;
  SecretKey secret;
  std::shared_ptr<EvaluationKeySet> keys;
  Evaluator evaluator;
  Encoder encoder;
  Scale scale;
  u8 next_seed = 10;
};

#endif

}  // namespace tacet::testing
