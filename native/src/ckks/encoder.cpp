// SPDX-License-Identifier: Apache-2.0
#include "ckks/encoder.h"

#include <cmath>
#include <cstring>

#include "ckks/rounding.h"
#include "ckks/slot_transform.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

void check_finite(const double* values, std::size_t count, const char* what) {
  for (std::size_t i = 0; i < count; ++i) {
    if (!std::isfinite(values[i]))
      fail(Code::kInvalidArgument, "%s %zu is %s", what, i, std::isnan(values[i]) ? "NaN" : "infinite");
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

/// log2 of the largest |x|.
double max_log2(const std::vector<double>& x) {
  double most = 0;
  for (double v : x) most = std::fmax(most, std::fabs(v));
  return std::log2(most);
}

/// Multiplies by the scale's mantissa; the power of two is applied in rounding, where it cannot overflow a double.
void apply_mantissa(std::vector<double>& x, const ScaleValue& scale) {
  for (double& v : x) v *= scale.mantissa;
}

}  // namespace

/// Rounds coefficients[k] * 2^shift and transforms.
Poly<Eval> Encoder::from_coefficients(const std::vector<double>& coefficients, int shift, int level,
                                      bool with_special) const {
  const Ring& ring = context_->ring();
  const std::size_t n = ring.n();
  std::vector<RoundedInteger> big;
  std::vector<i64> small;
  if (max_log2(coefficients) + shift < 61) {
    small.resize(n);
    for (std::size_t k = 0; k < n; ++k) small[k] = std::llrint(std::ldexp(coefficients[k], shift));
  } else {
    big.resize(n);
    for (std::size_t k = 0; k < n; ++k) big[k] = round_to_integer(coefficients[k], shift);
  }
  Poly<Coeff> out(n, level + 1, with_special ? ring.special_count() : 0);
  pool().parallel_for(static_cast<std::size_t>(out.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus q = ring.modulus(ring.index_of(limb, level + 1));
    u64* residue = out.limb(limb);
    if (big.empty()) {
      for (std::size_t k = 0; k < n; ++k) {
        const u64 sign = static_cast<u64>(small[k] >> 63);
        const u64 r = q.reduce((static_cast<u64>(small[k]) ^ sign) - sign);
        residue[k] = (r ^ sign) - sign + (q.value & sign);  // r or q - r, at most q: the transform takes 4q
      }
    } else {
      for (std::size_t k = 0; k < n; ++k) residue[k] = big[k].residue(q);
    }
  });
  return to_eval(ring, std::move(out));
}

Poly<Eval> Encoder::encode_poly(const double* real, const double* imaginary, std::size_t count, int level,
                                const Scale& scale, bool with_special) const {
  const std::size_t slots = context_->slots();
  check_level(context_->ring(), level);
  if (count > slots) fail(Code::kInvalidArgument, "%zu values do not fit into %zu slots", count, slots);
  check_finite(real, count, "slot");
  if (imaginary != nullptr) check_finite(imaginary, count, "imaginary part of slot");
  std::vector<double> coefficients(2 * slots, 0.0);
  if (count > 0) {
    std::memcpy(coefficients.data(), real, count * sizeof(double));
    if (imaginary != nullptr) std::memcpy(coefficients.data() + slots, imaginary, count * sizeof(double));
  }
  context_->slot_transform().to_coefficients(coefficients.data(), coefficients.data() + slots);
  const ScaleValue value = scale.value(context_->ring());
  apply_mantissa(coefficients, value);
  const double bound = context_->ring().log2_q(level) - 1;
  if (!(max_log2(coefficients) + value.exponent < bound)) {
    fail(Code::kInvalidArgument,
         "slot %zu is too large: at scale %s the coefficients reach the bound 2^%.2f = q_0..q_%d / 2 of level %d",
         largest(real, imaginary, count), scale.text(context_->ring()).c_str(), bound, level, level);
  }
  return from_coefficients(coefficients, value.exponent, level, with_special);
}

Plaintext Encoder::encode(const double* real, const double* imaginary, std::size_t count, int level,
                          const Scale& scale) const {
  Plaintext out;
  out.poly = encode_poly(real, imaginary, count, level, scale, false);
  out.level = level;
  out.scale = scale;
  return out;
}

Poly<Eval> Encoder::encode_raised(const double* real, const double* imaginary, std::size_t count, int level,
                                  const Scale& scale) const {
  return encode_poly(real, imaginary, count, level, scale, true);
}

Plaintext Encoder::encode_coefficients(const double* values, std::size_t count, int level, const Scale& scale) const {
  const Ring& ring = context_->ring();
  check_level(ring, level);
  if (count > ring.n()) fail(Code::kInvalidArgument, "%zu values do not fit into %zu coefficients", count, ring.n());
  check_finite(values, count, "coefficient");
  std::vector<double> coefficients(ring.n(), 0.0);
  if (count > 0) std::memcpy(coefficients.data(), values, count * sizeof(double));
  const ScaleValue value = scale.value(ring);
  apply_mantissa(coefficients, value);
  const double bound = ring.log2_q(level) - 1;
  if (!(max_log2(coefficients) + value.exponent < bound)) {
    fail(Code::kInvalidArgument,
         "coefficient %zu is too large: at scale %s it reaches the bound 2^%.2f = q_0..q_%d / 2 of level %d",
         largest(values, nullptr, count), scale.text(ring).c_str(), bound, level, level);
  }
  Plaintext out;
  out.encoding = Encoding::kCoefficients;
  out.level = level;
  out.scale = scale;
  out.poly = from_coefficients(coefficients, value.exponent, level, false);
  return out;
}

}  // namespace tacet
