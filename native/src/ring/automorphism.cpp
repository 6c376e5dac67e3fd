// SPDX-License-Identifier: Apache-2.0
#include "ring/automorphism.h"

#include <string>

#include "math/ring_type.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

bool is_galois_element(const Ring& ring, u32 galois) {
  const bool residue = ring.type() == RingType::kStandard ? galois % 2 == 1 : galois % 4 == 1;
  return residue && galois < root_order(ring.type(), ring.n());
}

std::string galois_element_rule(const Ring& ring) {
  return std::string(ring.type() == RingType::kStandard ? "odd" : "1 modulo 4") + " and below " +
         root_order_name(ring.type()) + " = " + std::to_string(root_order(ring.type(), ring.n()));
}

u32 galois_element(const Ring& ring, i64 steps) {
  const i64 slots = static_cast<i64>(slot_count(ring));
  i64 exponent = steps % slots;
  if (exponent < 0) exponent += slots;
  const u64 mask = root_order(ring.type(), ring.n()) - 1;
  u64 result = 1;
  for (u64 base = 5; exponent != 0; exponent >>= 1) {
    if (exponent & 1) result = (result * base) & mask;
    base = (base * base) & mask;
  }
  return static_cast<u32>(result);
}

u32 conjugation_element(const Ring& ring) {
  if (ring.type() != RingType::kStandard) {
    fail(Code::kUnsupported, "conjugate does not exist in ring type CONJUGATE_INVARIANT, its slots are real");
  }
  return static_cast<u32>(2 * ring.n() - 1);
}

std::vector<u32> automorphism_permutation(const Ring& ring, u32 galois) {
  if (!is_galois_element(ring, galois)) {
    fail(Code::kInvalidArgument, "Galois element %u must be %s", galois, galois_element_rule(ring).c_str());
  }
  // Entry brv(i) is the value at psi^(step i + 1), and sigma_g(x) there is x at psi^(g (step i + 1)) = psi^(step k + 1), where
  // k = g i + (g - 1) / step.
  const u32 step = ring.type() == RingType::kStandard ? 2 : 4;
  const u32 mask = static_cast<u32>(ring.n()) - 1;
  const u32 first = (galois - 1) / step;
  const std::vector<u32>& reversed = ring.bit_reversed();
  std::vector<u32> permutation(ring.n());
  for (u32 at = 0; at <= mask; ++at) permutation[at] = reversed[(galois * reversed[at] + first) & mask];
  return permutation;
}

Poly<Eval> permute(const Ring&, const Poly<Eval>& x, const std::vector<u32>& permutation) {
  Poly<Eval> out(x.n(), x.q_limbs(), x.p_limbs());
  pool().parallel_for(static_cast<std::size_t>(x.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    kernels().gather(out.limb(limb), x.limb(limb), permutation.data(), x.n());
  });
  return out;
}

}  // namespace tacet
