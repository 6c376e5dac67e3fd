// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ring/poly.h"
#include "ring/ring.h"

namespace tacet {

/// Bytes of a packed polynomial with limbs q_0..q_{q_limbs-1} and, if wanted, all special primes.
std::size_t packed_poly_bytes(const Ring& ring, int q_limbs, bool with_special);

/// Unpacks a polynomial from packed_poly_bytes() bytes, limbs in parallel. Residues at or above their prime are
/// Code::kMalformed. `subject` names the object in errors.
Poly<Eval> unpack_poly(const Ring& ring, int q_limbs, bool with_special, const u8* bytes, const char* subject);

/// Packs all limbs of `poly` into packed_poly_bytes() bytes.
void pack_poly(const Ring& ring, const Poly<Eval>& poly, u8* bytes);

}  // namespace tacet
