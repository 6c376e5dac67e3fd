// SPDX-License-Identifier: Apache-2.0
// Decoding: exact recombination of the residues, then the transform.
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "ckks/encoder.h"
#include "ckks/slot_transform.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// The centred representatives of x modulo q_0..q_level, divided by 2^*exponent, as doubles. The power of two keeps moduli
/// beyond 2^1000 inside a double.
Numbers<double> recombine(const Ring& ring, const Poly<Coeff>& x, int* exponent) {
  const std::size_t n = x.n(), limbs = static_cast<std::size_t>(x.q_limbs());
  *exponent = static_cast<int>(std::fmax(0, std::ceil(ring.log2_q(x.q_limbs() - 1)) - 900));
  std::vector<u64> inverses(limbs * limbs), companions(limbs * limbs);
  std::vector<Modulus> moduli;
  for (std::size_t i = 0; i < limbs; ++i) {
    moduli.push_back(ring.modulus(static_cast<int>(i)));
    for (std::size_t j = i + 1; j < limbs; ++j) {
      inverses[i * limbs + j] = ring.prime_inverse(static_cast<int>(j), static_cast<int>(i));
      companions[i * limbs + j] = shoup(inverses[i * limbs + j], moduli[i].value);
    }
  }
  const MixedRadix radix{limbs, moduli.data(), inverses.data(), companions.data(), std::ldexp(1.0, -*exponent)};
  Numbers<double> out(n);
  const std::size_t block = std::min<std::size_t>(n, 1024);
  pool().parallel_for(n / block, [&](std::size_t b) {
    std::vector<const u64*> at;
    for (std::size_t i = 0; i < limbs; ++i) at.push_back(x.limb(static_cast<int>(i)) + b * block);
    kernels().recombine(out.data() + b * block, at.data(), radix, block);
  });
  return out;
}

/// x[k] = x[k] / scale * 2^exponent.
void divide_scale(Numbers<double>& x, const ScaleValue& scale, int exponent) {
  if (std::abs(exponent - scale.exponent) <= 1000) {
    kernels().divide_scale(x.data(), scale.mantissa, std::ldexp(1.0, exponent - scale.exponent), x.size());
  } else {  // the power of two alone would leave the range of a double
    for (std::size_t k = 0; k < x.size(); ++k)
      x.data()[k] = std::ldexp(x.data()[k] / scale.mantissa, exponent - scale.exponent);
  }
}

/// From n coefficients a_i in the basis {1, X^i + X^-i} to the 2n of the same polynomial in the standard ring of degree 2n:
/// a_i at X^i and -a_i at X^(2n-i), none at X^n.
Numbers<double> in_standard_ring(const Numbers<double>& a) {
  const std::size_t n = a.size();
  Numbers<double> out(2 * n);
  std::memcpy(out.data(), a.data(), n * sizeof(double));
  out.data()[n] = 0;
  for (std::size_t i = 1; i < n; ++i) out.data()[2 * n - i] = -a.data()[i];
  return out;
}

void check_encoding(const Plaintext& plaintext, Encoding encoding) {
  if (plaintext.encoding == encoding) return;
  fail(Code::kInvalidArgument, "the plaintext is encoded in %s, it cannot be decoded from %s",
       plaintext.encoding == Encoding::kSlots ? "SLOTS" : "COEFFICIENTS",
       encoding == Encoding::kSlots ? "SLOTS" : "COEFFICIENTS");
}

}  // namespace

Numbers<double> Encoder::coefficients_of(const Plaintext& plaintext, DecodeStats* stats) const {
  const Ring& ring = context_->ring();
  if (plaintext.poly.n() != ring.n() || plaintext.poly.q_limbs() != plaintext.level + 1 ||
      plaintext.level > ring.max_level()) {
    fail(Code::kInvalidArgument,
         "plaintext of degree %zu with %d limbs at level %d does not fit parameters of degree %zu and top level %d",
         plaintext.poly.n(), plaintext.poly.q_limbs(), plaintext.level, ring.n(), ring.max_level());
  }
  int exponent = 0;
  Numbers<double> values = recombine(ring, to_coeff(ring, plaintext.poly), &exponent);
  if (stats != nullptr) {
    const u64 bits = kernels().largest_magnitude(values.data(), values.size());
    double most = 0;
    std::memcpy(&most, &bits, sizeof most);
    stats->max_coefficient_log2 = std::log2(most) + exponent;
    stats->modulus_log2 = ring.log2_q(plaintext.level);
    stats->fraction = std::exp2(stats->max_coefficient_log2 + 3 - stats->modulus_log2);
  }
  divide_scale(values, plaintext.scale.value(ring), exponent);
  return values;
}

void Encoder::decode(const Plaintext& plaintext, const Sink& sink, DecodeStats* stats) const {
  Numbers<double> values = coefficients_of(plaintext, stats);
  if (plaintext.encoding == Encoding::kCoefficients) return sink(values.data(), nullptr);
  const std::size_t slots = context_->slots();
  if (context_->real_slots()) values = in_standard_ring(values);
  double* const imaginary = values.data() + slots;
  context_->slot_transform().to_slots(values.data(), imaginary);
  if (context_->real_slots()) std::fill_n(imaginary, slots, 0.0);
  sink(values.data(), imaginary);
}

void Encoder::decode(const Plaintext& plaintext, double* real, double* imaginary, DecodeStats* stats) const {
  check_encoding(plaintext, Encoding::kSlots);
  const auto copy = [bytes = context_->slots() * sizeof(double)](double* to, const double* from) {
    if (to != nullptr) std::memcpy(to, from, bytes);
  };
  decode(plaintext, [&](const double* from_real, const double* from_imaginary) {
    copy(real, from_real);
    copy(imaginary, from_imaginary);
  }, stats);
}

void Encoder::decode_coefficients(const Plaintext& plaintext, double* values, DecodeStats* stats) const {
  check_encoding(plaintext, Encoding::kCoefficients);
  decode(plaintext, [&](const double* from, const double*) { std::memcpy(values, from, context_->n() * sizeof(double)); }, stats);
}

}  // namespace tacet
