// SPDX-License-Identifier: Apache-2.0
#include "serial/limbs.h"

#include <vector>

#include "serial/bit_packing.h"
#include "util/thread_pool.h"

namespace tacet {

namespace {

/// Byte offset of each limb of a packed polynomial, and the total at the end.
std::vector<std::size_t> limb_offsets(const Ring& ring, int q_limbs, int p_limbs) {
  std::vector<std::size_t> offsets(1, 0);
  for (int limb = 0; limb < q_limbs + p_limbs; ++limb) {
    const u64 q = ring.modulus(ring.index_of(limb, q_limbs)).value;
    offsets.push_back(offsets.back() + packed_bytes(ring.n(), q));
  }
  return offsets;
}

}  // namespace

std::size_t packed_poly_bytes(const Ring& ring, int q_limbs, bool with_special) {
  return limb_offsets(ring, q_limbs, with_special ? ring.special_count() : 0).back();
}

Poly<Eval> unpack_poly(const Ring& ring, int q_limbs, bool with_special, const u8* bytes, const char* subject) {
  const int p_limbs = with_special ? ring.special_count() : 0;
  const std::vector<std::size_t> offsets = limb_offsets(ring, q_limbs, p_limbs);
  Poly<Eval> poly(ring.n(), q_limbs, p_limbs);
  pool().parallel_for(static_cast<std::size_t>(q_limbs + p_limbs), [&](std::size_t limb) {
    const int index = static_cast<int>(limb);
    const u64 q = ring.modulus(ring.index_of(index, q_limbs)).value;
    unpack_residues(bytes + offsets[limb], ring.n(), q, poly.limb(index), subject, limb);
  });
  return poly;
}

void pack_poly(const Ring& ring, const Poly<Eval>& poly, u8* bytes) {
  const std::vector<std::size_t> offsets = limb_offsets(ring, poly.q_limbs(), poly.p_limbs());
  pool().parallel_for(static_cast<std::size_t>(poly.limbs()), [&](std::size_t limb) {
    const int index = static_cast<int>(limb);
    const u64 q = ring.modulus(ring.index_of(index, poly.q_limbs())).value;
    pack_residues(poly.limb(index), ring.n(), q, bytes + offsets[limb]);
  });
}

}  // namespace tacet
