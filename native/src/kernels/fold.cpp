// SPDX-License-Identifier: Apache-2.0
#include "kernels/fold.h"

namespace tacet {

void fold(u64* x, const NttTable& table) {
  const u64 q = table.modulus.value;
  const std::size_t n = table.n;
  const auto folded = [&](u64 own, u64 mirror) {
    return subtract_if_at_least(own, 2 * q) + mul_shoup_lazy(mirror, table.fold, table.fold_shoup, q);
  };
  for (std::size_t i = 1; i <= n / 2; ++i) {
    const u64 low = x[i], high = x[n - i];
    x[i] = folded(low, high);
    x[n - i] = folded(high, low);
  }
}

void unfold(u64* x, const NttTable& table) {
  const u64 q = table.modulus.value;
  const std::size_t n = table.n;
  const auto unfolded = [&](u64 own, u64 mirror) {
    return add_mod(own, mul_shoup(mirror, table.unfold, table.unfold_shoup, q), q);
  };
  x[0] = add_mod(x[0], x[0], q);
  for (std::size_t i = 1; i <= n / 2; ++i) {
    const u64 low = x[i], high = x[n - i];
    x[i] = unfolded(low, high);
    x[n - i] = unfolded(high, low);
  }
}

}  // namespace tacet
