// SPDX-License-Identifier: Apache-2.0
#include "rlwe/key_switch.h"

#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

RaisedPair gadget_product(const Ring& ring, const std::vector<Poly<Eval>>& digits, const EvaluationKey& key) {
  const std::size_t n = ring.n();
  const int q_limbs = digits.front().q_limbs();
  const int p_limbs = digits.front().p_limbs();
  if (q_limbs > key.level + 1 || digits.size() > key.b.size()) {
    fail(Code::kMissingKey, "the key of Galois element %u is for level %d, the operation is at level %d", key.galois,
         key.level, q_limbs - 1);
  }
  RaisedPair out{Poly<Eval>(n, q_limbs, p_limbs), Poly<Eval>(n, q_limbs, p_limbs)};
  pool().parallel_for(static_cast<std::size_t>(2 * (q_limbs + p_limbs)), [&](std::size_t task) {
    const int limb = static_cast<int>(task / 2);
    const std::vector<Poly<Eval>>& half = task % 2 == 0 ? key.b : key.a;
    Poly<Eval>& result = task % 2 == 0 ? out.c0 : out.c1;
    const int key_limb =
        limb < q_limbs ? limb : key.level + 1 + (limb - q_limbs);  // a higher key's limbs in between are unused
    std::vector<const u64*> left, right;
    for (std::size_t j = 0; j < digits.size(); ++j) {
      left.push_back(digits[j].limb(limb));
      right.push_back(half[j].limb(key_limb));
    }
    kernels().inner_product(result.limb(limb), left.data(), right.data(), digits.size(), n,
                            ring.modulus(ring.index_of(limb, q_limbs)));
  });
  return out;
}

std::pair<Poly<Eval>, Poly<Eval>> mod_down(const Ring& ring, RaisedPair pair) {
  Poly<Eval> c0 = mod_down(ring, std::move(pair.c0));
  Poly<Eval> c1 = mod_down(ring, std::move(pair.c1));
  return {std::move(c0), std::move(c1)};
}

}  // namespace tacet
