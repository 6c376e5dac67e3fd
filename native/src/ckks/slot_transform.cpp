// SPDX-License-Identifier: Apache-2.0
#include "ckks/slot_transform.h"

#include <cmath>
#include <vector>

namespace tacet {
namespace {

/// exp(2 pi i k / order) for 0 <= k < order, a power of two, rounded to doubles as the long double functions give it. Two tables of
/// about sqrt(order) values each stand for all: a product of two is wrong by less than kError, and the functions themselves are
/// called where that might change the rounding.
class Roots {
 public:
  explicit Roots(u64 order) : order_(order) {
    while ((u64{1} << (2 * low_bits_)) < order) ++low_bits_;
    for (u64 k = 0; k < u64{1} << low_bits_; ++k) low_.push_back(exactly(k));
    for (u64 k = 0; k < order; k += u64{1} << low_bits_) high_.push_back(exactly(k));
  }

  void at(u64 k, double& cosine, double& sine) const {
    const Root& a = high_[k >> low_bits_];
    const Root& b = low_[k & ((u64{1} << low_bits_) - 1)];
    const long double c = a.cosine * b.cosine - a.sine * b.sine, s = a.cosine * b.sine + a.sine * b.cosine;
    cosine = static_cast<double>(c - kError);
    sine = static_cast<double>(s - kError);
    if (cosine == static_cast<double>(c + kError) && sine == static_cast<double>(s + kError)) return;
    const Root exact = exactly(k);
    cosine = static_cast<double>(exact.cosine);
    sine = static_cast<double>(exact.sine);
  }

 private:
  struct Root {
    long double cosine, sine;
  };

  static constexpr long double kError = 1 / static_cast<long double>(u64{1} << 61);

  Root exactly(u64 k) const {
    const long double angle = 2 * std::acos(-1.0L) * static_cast<long double>(k) / static_cast<long double>(order_);
    return {std::cos(angle), std::sin(angle)};
  }

  const u64 order_;
  int low_bits_ = 0;
  std::vector<Root> low_;   // by k
  std::vector<Root> high_;  // by k >> low_bits_
};

}  // namespace

SlotTransform::SlotTransform(int log_n)
    : cosines_(std::size_t{1} << (log_n - 1)),
      sines_(cosines_.size()),
      table_{cosines_.size(), log_n - 1, cosines_.data(), sines_.data()} {
  double* cosines = cosines_.data();
  double* sines = sines_.data();
  cosines[0] = 1;  // no butterfly
  sines[0] = 0;
  const u64 finest = 4 * slots();
  const Roots roots(finest);
  for (std::size_t half = 1; half < slots(); half *= 2) {
    // butterfly j of this stage turns by exp(2 pi i (5^j mod 8 half) / (8 half))
    const u64 order = 8 * half;
    u64 power = 1;
    for (std::size_t j = 0; j < half; ++j) {
      roots.at(power * (finest / order), cosines[half + j], sines[half + j]);
      power = power * 5 % order;
    }
  }
}

}  // namespace tacet
