// SPDX-License-Identifier: Apache-2.0
#pragma once
// The two rings and what differs between them before any polynomial is there.

#include "util/types.h"

namespace tacet {

/// Numbers are part of the wire format.
///   kStandard            Z[X]/(X^N+1): N/2 complex slots.
///   kConjugateInvariant  Z[X + 1/X], the polynomials of Z[X]/(X^2N+1) that X -> 1/X leaves alone (Kim-Song, eprint 2018/952):
///                        N coefficients in the basis {1, X^i + X^-i (0 < i < N)}, N real slots.
enum class RingType : u8 { kStandard = 0, kConjugateInvariant = 1 };

/// The order of the roots of unity at which polynomials of degree below n are evaluated: 2n or 4n. Primes are 1 modulo it,
/// and Galois elements are numbers modulo it.
inline u64 root_order(RingType ring, u64 n) { return ring == RingType::kStandard ? 2 * n : 4 * n; }
/// root_order() in messages: "2N" or "4N".
inline const char* root_order_name(RingType ring) { return ring == RingType::kStandard ? "2N" : "4N"; }

}  // namespace tacet
