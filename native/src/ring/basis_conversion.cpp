// SPDX-License-Identifier: Apache-2.0
#include "ring/basis_conversion.h"

#include "kernels/kernels.h"

namespace tacet {

BasisConversion::BasisConversion(std::vector<Modulus> source_primes, const std::vector<Modulus>& targets)
    : source(std::move(source_primes)) {
  const std::size_t k = source.size();
  const auto product_without = [&](std::size_t skipped, const Modulus& modulus) {
    u64 product = 1;
    for (std::size_t j = 0; j < k; ++j) {
      if (j != skipped) product = mul_mod(product, modulus.reduce(source[j].value), modulus);
    }
    return product;
  };
  for (std::size_t i = 0; i < k; ++i) {
    scale.push_back(inverse_mod(product_without(i, source[i]), source[i]));
    scale_shoup.push_back(shoup(scale[i], source[i].value));
  }
  for (const Modulus& target : targets) {
    std::vector<u64> row;
    for (std::size_t i = 0; i < k; ++i) row.push_back(product_without(i, target));
    row.push_back(negate_mod(product_without(k, target), target.value));
    weights.push_back(std::move(row));
  }
}

void BasisConversion::prepare(u64* const* scratch, const u64* const* x, std::size_t n) const {
  const Kernels& table = kernels();
  for (std::size_t i = 0; i < size(); ++i) {
    table.multiply_constant(scratch[i], x[i], scale[i], scale_shoup[i], n, source[i].value);
  }
  table.overflow_count(scratch[size()], scratch, source.data(), size(), n);
}

void BasisConversion::convert(u64* out, const u64* const* scratch, std::size_t n, int target_index,
                              const Modulus& target) const {
  kernels().linear_combination(out, scratch, weights[static_cast<std::size_t>(target_index)].data(), size() + 1, n,
                               target);
}

}  // namespace tacet
