// SPDX-License-Identifier: Apache-2.0
#include "rlwe/scale.h"

#include <cmath>
#include <cstdio>

#include "util/error.h"

namespace tacet {
namespace {

constexpr int kMaxLog2 = 65536;
constexpr int kMaxExponent = 2048;

double prime_of(const Ring& ring, int index) {
  if (index >= ring.chain_length()) {
    fail(Code::kInvalidArgument, "the scale names chain prime %d, the chain has %d primes", index, ring.chain_length());
  }
  return static_cast<double>(ring.modulus(index).value);
}

}  // namespace

Scale Scale::power_of_two(int exponent) {
  if (exponent < -kMaxLog2 || exponent > kMaxLog2) {
    fail(Code::kInvalidArgument, "scale 2^%d is outside 2^-%d..2^%d", exponent, kMaxLog2, kMaxLog2);
  }
  Scale scale;
  scale.log2_ = exponent;
  return scale;
}

Scale Scale::times_prime(int index, int exponent) const {
  if (index < 0 || index > 255) fail(Code::kInvalidArgument, "chain prime index %d is outside 0..255", index);
  if (exponent < -kMaxExponent || exponent > kMaxExponent) {
    fail(Code::kInvalidArgument, "exponent %d of chain prime %d is outside -%d..%d", exponent, index, kMaxExponent,
         kMaxExponent);
  }
  if (exponent == 0) return *this;
  Scale factor;
  factor.factors_.emplace_back(static_cast<u8>(index), static_cast<std::int16_t>(exponent));
  return combine(factor, 1);
}

Scale Scale::operator*(const Scale& other) const { return combine(other, 1); }
Scale Scale::operator/(const Scale& other) const { return combine(other, -1); }

Scale Scale::combine(const Scale& other, int sign) const {
  Scale out = power_of_two(log2_ + sign * other.log2_);
  auto a = factors_.begin();
  auto b = other.factors_.begin();
  while (a != factors_.end() || b != other.factors_.end()) {
    const bool take_a = b == other.factors_.end() || (a != factors_.end() && a->first <= b->first);
    const bool take_b = a == factors_.end() || (b != other.factors_.end() && b->first <= a->first);
    const u8 index = take_a ? a->first : b->first;
    int exponent = 0;
    if (take_a) exponent += (a++)->second;
    if (take_b) exponent += sign * (b++)->second;
    if (exponent < -kMaxExponent || exponent > kMaxExponent) {
      fail(Code::kInvalidArgument, "exponent %d of chain prime %d is outside -%d..%d", exponent, index, kMaxExponent,
           kMaxExponent);
    }
    if (exponent != 0) out.factors_.emplace_back(index, static_cast<std::int16_t>(exponent));
  }
  return out;
}

double Scale::log2(const Ring& ring) const {
  double sum = log2_;
  for (const Factor& factor : factors_) sum += factor.second * std::log2(prime_of(ring, factor.first));
  return sum;
}

ScaleValue Scale::value(const Ring& ring) const {
  ScaleValue out{1.0, log2_};
  const auto normalize = [&out] {
    int shift = 0;
    out.mantissa = 2 * std::frexp(out.mantissa, &shift);
    out.exponent += shift - 1;
  };
  for (const Factor& factor : factors_) {
    const double q = prime_of(ring, factor.first);
    for (int i = 0; i < std::abs(static_cast<int>(factor.second)); ++i) {
      out.mantissa = factor.second > 0 ? out.mantissa * q : out.mantissa / q;
      normalize();
    }
  }
  return out;
}

std::string Scale::text(const Ring& ring) const {
  std::string out = "2^" + std::to_string(log2_);
  for (const Factor& factor : factors_) {
    out += " * q" + std::to_string(factor.first) + "^" + std::to_string(factor.second);
  }
  char bits[40];
  std::snprintf(bits, sizeof bits, " (%.6f bits)", log2(ring));
  return out + bits;
}

}  // namespace tacet
