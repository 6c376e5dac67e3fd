// SPDX-License-Identifier: Apache-2.0
#include "ring/basis_conversion.h"

namespace tacet {
namespace {

constexpr std::size_t kCorrections = 8;

}  // namespace

BasisConversion::BasisConversion(std::vector<Modulus> source, const std::vector<Modulus>& targets)
    : source_(std::move(source)), targets_(targets) {
  const std::size_t k = size();
  const auto product_without = [&](std::size_t skipped, const Modulus& modulus) {
    u64 product = 1;
    for (std::size_t j = 0; j < k; ++j) {
      if (j != skipped) product = mul_mod(product, modulus.reduce(source_[j].value), modulus);
    }
    return product;
  };
  for (std::size_t i = 0; i < k; ++i) scale_.push_back(inverse_mod(product_without(i, source_[i]), source_[i]));

  const std::size_t words = 2 * (k + 1) + kCorrections;
  words_.resize(words * targets.size());
  u64* at = words_.data();
  for (const Modulus& target : targets) {
    u64* weights = at;
    u64* companions = weights + k + 1;
    u64* corrections = companions + k + 1;
    at += words;
    for (std::size_t i = 0; i < k; ++i) weights[i] = product_without(i, target);
    weights[k] = negate_mod(product_without(k, target), target.value);
    for (std::size_t i = 0; i <= k; ++i) companions[i] = shoup(weights[i], target.value) >> 12;
    for (std::size_t v = 0; v < kCorrections; ++v) corrections[v] = mul_mod(v, weights[k], target);
    weights_.push_back({k, weights, companions, corrections});
  }
}

}  // namespace tacet
