// SPDX-License-Identifier: Apache-2.0
// Decoding: exact recombination of the residues, then the transform.
#include <cmath>
#include <cstring>
#include <limits>

#include "ckks/encoder.h"
#include "ckks/slot_transform.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// The centred representatives of x modulo q_0..q_level, divided by 2^*exponent, as doubles: balanced mixed radix
/// digits
///   x = d_L + q_L (d_{L-1} + q_{L-1} (... + q_1 d_0)),  |d_i| < q_i / 2,
/// which represent each integer in (-Q/2, Q/2) once, and whose Horner sum in doubles has a relative error of a few
/// 2^-53. The power of two keeps moduli beyond 2^1000 inside a double.
std::vector<double> recombine(const Ring& ring, const Poly<Coeff>& x, int* exponent) {
  const std::size_t n = x.n();
  const int limbs = x.q_limbs();
  *exponent = static_cast<int>(std::fmax(0, std::ceil(ring.log2_q(limbs - 1)) - 900));
  const double unit = std::ldexp(1.0, -*exponent);
  std::vector<double> out(n);
  constexpr std::size_t kBlock = 512;
  pool().parallel_for((n + kBlock - 1) / kBlock, [&](std::size_t b) {
    const std::size_t end = std::min(n, (b + 1) * kBlock);
    std::vector<i64> digits(static_cast<std::size_t>(limbs));
    for (std::size_t k = b * kBlock; k < end; ++k) {
      for (int i = limbs - 1; i >= 0; --i) {
        const Modulus& q = ring.modulus(i);
        u64 t = x.limb(i)[k];
        for (int j = limbs - 1; j > i; --j) {
          const i64 digit = digits[static_cast<std::size_t>(j)];
          const u64 magnitude = q.reduce(static_cast<u64>(digit < 0 ? -digit : digit));
          t = digit < 0 ? add_mod(t, magnitude, q.value) : sub_mod(t, magnitude, q.value);
          t = mul_mod(t, ring.prime_inverse(j, i), q);
        }
        digits[static_cast<std::size_t>(i)] =
            t > q.value / 2 ? static_cast<i64>(t) - static_cast<i64>(q.value) : static_cast<i64>(t);
      }
      double sum = static_cast<double>(digits[0]) * unit;
      for (int i = 1; i < limbs; ++i) {
        sum = sum * static_cast<double>(ring.modulus(i).value) +
              static_cast<double>(digits[static_cast<std::size_t>(i)]) * unit;
      }
      out[k] = sum;
    }
  });
  return out;
}

}  // namespace

std::vector<double> Encoder::coefficients_of(const Plaintext& plaintext, Encoding encoding, DecodeStats* stats) const {
  const Ring& ring = context_->ring();
  if (plaintext.encoding != encoding) {
    fail(Code::kInvalidArgument, "the plaintext is encoded in %s, it cannot be decoded from %s",
         plaintext.encoding == Encoding::kSlots ? "SLOTS" : "COEFFICIENTS",
         encoding == Encoding::kSlots ? "SLOTS" : "COEFFICIENTS");
  }
  if (plaintext.poly.n() != ring.n() || plaintext.poly.q_limbs() != plaintext.level + 1 ||
      plaintext.level > ring.max_level()) {
    fail(Code::kInvalidArgument,
         "plaintext of degree %zu with %d limbs at level %d does not fit parameters of degree %zu and top level %d",
         plaintext.poly.n(), plaintext.poly.q_limbs(), plaintext.level, ring.n(), ring.max_level());
  }
  int exponent = 0;
  std::vector<double> values = recombine(ring, to_coeff(ring, plaintext.poly), &exponent);
  if (stats != nullptr) {
    double most = 0;
    for (double v : values) most = std::fmax(most, std::fabs(v));
    stats->max_coefficient_log2 = std::log2(most) + exponent;
    stats->modulus_log2 = ring.log2_q(plaintext.level);
    stats->fraction = std::exp2(stats->max_coefficient_log2 + 3 - stats->modulus_log2);
  }
  const ScaleValue scale = plaintext.scale.value(ring);
  for (double& v : values) v = std::ldexp(v / scale.mantissa, exponent - scale.exponent);
  return values;
}

void Encoder::decode(const Plaintext& plaintext, double* real, double* imaginary, DecodeStats* stats) const {
  std::vector<double> values = coefficients_of(plaintext, Encoding::kSlots, stats);
  const std::size_t slots = context_->slots();
  context_->slot_transform().to_slots(values.data(), values.data() + slots);
  if (real != nullptr) std::memcpy(real, values.data(), slots * sizeof(double));
  if (imaginary != nullptr) std::memcpy(imaginary, values.data() + slots, slots * sizeof(double));
}

void Encoder::decode_coefficients(const Plaintext& plaintext, double* values, DecodeStats* stats) const {
  const std::vector<double> coefficients = coefficients_of(plaintext, Encoding::kCoefficients, stats);
  std::memcpy(values, coefficients.data(), coefficients.size() * sizeof(double));
}

}  // namespace tacet
