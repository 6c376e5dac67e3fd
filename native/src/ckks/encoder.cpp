// SPDX-License-Identifier: Apache-2.0
#include "ckks/encoder.h"

#include <cmath>
#include <cstdlib>
#include <cstring>

#include "ckks/rounding.h"
#include "ckks/slot_transform.h"
#include "kernels/kernels.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// |x| as its bits, so that larger is larger and what is not finite is largest.
constexpr u64 kInfinity = u64{0x7ff} << 52;

void check_finite(const double* values, std::size_t count, const char* what) {
  if (kernels().largest_magnitude(values, count) < kInfinity) return;
  std::size_t i = 0;
  while (std::isfinite(values[i])) ++i;
  fail(Code::kInvalidArgument, "%s %zu is %s", what, i, std::isnan(values[i]) ? "NaN" : "infinite");
}

void check_real(const double* imaginary, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    if (imaginary[i] != 0) {
      fail(Code::kInvalidArgument, "slot %zu has an imaginary part, the slots of ring type CONJUGATE_INVARIANT are real", i);
    }
  }
}

void check_level(const Ring& ring, int level) {
  if (level < 0 || level > ring.max_level()) {
    fail(Code::kInvalidArgument, "encoding level %d is outside 0..%d", level, ring.max_level());
  }
}

std::size_t largest(const double* a, const double* b, std::size_t count) {
  std::size_t at = 0;
  double most = -1;
  for (std::size_t i = 0; i < count; ++i) {
    const double magnitude = b == nullptr ? std::fabs(a[i]) : std::hypot(a[i], b[i]);
    if (magnitude > most) {
      most = magnitude;
      at = i;
    }
  }
  return at;
}

/// log2 of the largest |x|; -infinity if all are 0.
double max_log2(const Numbers<double>& x) {
  const u64 bits = kernels().largest_magnitude(x.data(), x.size());
  double most = 0;
  std::memcpy(&most, &bits, sizeof most);
  return std::log2(most);
}

void clear(double* x, std::size_t count) { std::memset(x, 0, count * sizeof(double)); }

Encoder::Source copy_of(const double* real, const double* imaginary, std::size_t count) {
  return [=](double* to_real, double* to_imaginary) {
    if (count == 0) return;
    std::memcpy(to_real, real, count * sizeof(double));
    if (imaginary != nullptr) std::memcpy(to_imaginary, imaginary, count * sizeof(double));
  };
}

}  // namespace

/// Rounds coefficients[k] * scale, k < n, and transforms; `log2` is the logarithm of the largest result's magnitude.
Poly<Eval> Encoder::from_coefficients(const Numbers<double>& coefficients, const ScaleValue& scale, double log2, int level,
                                      bool with_special) const {
  const Ring& ring = context_->ring();
  const std::size_t n = ring.n();
  Poly<Eval> out(n, level + 1, with_special ? ring.special_count() : 0);
  const auto each_limb = [&](const auto& residues) {
    pool().parallel_for(static_cast<std::size_t>(out.limbs()), [&](std::size_t i) {
      const int limb = static_cast<int>(i), index = ring.index_of(limb, level + 1);
      residues(out.limb(limb), ring.modulus(index));
      kernels().ntt_forward(out.limb(limb), ring.ntt(index));
    });
  };
  if (log2 < 61 && std::abs(scale.exponent) <= 1000) {
    Numbers<i64> integers(n);
    kernels().round_to_integers(integers.data(), coefficients.data(), std::ldexp(scale.mantissa, scale.exponent), n);
    each_limb([&](u64* limb, const Modulus& q) { kernels().integer_residues(limb, integers.data(), n, q); });
  } else {
    std::vector<RoundedInteger> integers(n);
    for (std::size_t k = 0; k < n; ++k) integers[k] = round_scaled(coefficients.data()[k], scale);
    each_limb([&](u64* limb, const Modulus& modulus) {
      const Modulus q = modulus;
      for (std::size_t k = 0; k < n; ++k) limb[k] = integers[k].residue(q);
    });
  }
  return out;
}

Poly<Eval> Encoder::encode_poly(const Source& source, bool with_imaginary, std::size_t count, int level, const Scale& scale,
                                bool with_special) const {
  const std::size_t slots = context_->slots();
  check_level(context_->ring(), level);
  if (count > slots) fail(Code::kInvalidArgument, "%zu values do not fit into %zu slots", count, slots);
  Numbers<double> coefficients(2 * slots);  // where slots are real the second half says the same as the first
  double* const real = coefficients.data();
  double* const imaginary = with_imaginary ? real + slots : nullptr;
  source(real, imaginary);
  check_finite(real, count, "slot");
  if (with_imaginary) check_finite(imaginary, count, "imaginary part of slot");
  if (with_imaginary && context_->real_slots()) check_real(imaginary, count);
  clear(real + count, slots - count);
  clear(real + slots + (with_imaginary ? count : 0), with_imaginary ? slots - count : slots);
  context_->slot_transform().to_coefficients(real, real + slots);
  ScaleValue value = scale.value(context_->ring());
  value.exponent -= context_->slot_transform().log_slots();
  const double log2 = max_log2(coefficients) + std::log2(value.mantissa) + value.exponent;
  const double bound = context_->ring().log2_q(level) - 1;
  if (!(log2 < bound)) {
    source(real, imaginary);
    fail(Code::kInvalidArgument,
         "slot %zu is too large: at scale %s the coefficients reach the bound 2^%.2f = q_0..q_%d / 2 of level %d",
         largest(real, imaginary, count), scale.text(context_->ring()).c_str(), bound, level, level);
  }
  return from_coefficients(coefficients, value, log2, level, with_special);
}

Plaintext Encoder::encode(const double* real, const double* imaginary, std::size_t count, int level,
                          const Scale& scale) const {
  return encode(copy_of(real, imaginary, count), imaginary != nullptr, count, level, scale);
}

Plaintext Encoder::encode(const Source& source, bool with_imaginary, std::size_t count, int level, const Scale& scale) const {
  Plaintext out;
  out.poly = encode_poly(source, with_imaginary, count, level, scale, false);
  out.level = level;
  out.scale = scale;
  return out;
}

Poly<Eval> Encoder::encode_raised(const double* real, const double* imaginary, std::size_t count, int level,
                                  const Scale& scale) const {
  return encode_poly(copy_of(real, imaginary, count), imaginary != nullptr, count, level, scale, true);
}

Plaintext Encoder::encode_coefficients(const double* values, std::size_t count, int level, const Scale& scale) const {
  return encode_coefficients(copy_of(values, nullptr, count), count, level, scale);
}

Plaintext Encoder::encode_coefficients(const Source& source, std::size_t count, int level, const Scale& scale) const {
  const Ring& ring = context_->ring();
  check_level(ring, level);
  if (count > ring.n()) fail(Code::kInvalidArgument, "%zu values do not fit into %zu coefficients", count, ring.n());
  Numbers<double> coefficients(ring.n());
  source(coefficients.data(), nullptr);
  check_finite(coefficients.data(), count, "coefficient");
  clear(coefficients.data() + count, ring.n() - count);
  const ScaleValue value = scale.value(ring);
  const double log2 = max_log2(coefficients) + std::log2(value.mantissa) + value.exponent;
  const double bound = ring.log2_q(level) - 1;
  if (!(log2 < bound)) {
    fail(Code::kInvalidArgument,
         "coefficient %zu is too large: at scale %s it reaches the bound 2^%.2f = q_0..q_%d / 2 of level %d",
         largest(coefficients.data(), nullptr, count), scale.text(ring).c_str(), bound, level, level);
  }
  Plaintext out;
  out.encoding = Encoding::kCoefficients;
  out.level = level;
  out.scale = scale;
  out.poly = from_coefficients(coefficients, value, log2, level, false);
  return out;
}

}  // namespace tacet
