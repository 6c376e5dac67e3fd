// SPDX-License-Identifier: Apache-2.0
#include "kernels/ntt_tables.h"

#include "math/primes.h"

namespace tacet {
namespace {

/// Words of the companions and leaves of both directions.
std::size_t wide_words(std::size_t n) { return n < 64 ? 0 : 2 * (n / 8 + n / 64 * NttTable::kLeafWords); }

/// Fills companions and leaves (NttTable) of one direction from its roots and their Shoup companions.
void fill_wide(u64* companions, u64* leaves, const u64* roots, const u64* roots_shoup, std::size_t n) {
  for (std::size_t k = 0; k < n / 8; ++k) companions[k] = roots_shoup[k] >> 12;
  for (std::size_t block = 0; block < n / 64; ++block, leaves += NttTable::kLeafWords) {
    u64* out = leaves;
    for (std::size_t fan = 1; fan <= 4; fan *= 2) {
      for (std::size_t part = 0; part < fan; ++part) {
        for (std::size_t lane = 0; lane < 8; ++lane, ++out) {
          const std::size_t node = fan * (8 * (n / 64 + block) + lane) + part;
          out[0] = roots[node];
          out[NttTable::kLeafWords / 2] = roots_shoup[node] >> 12;
        }
      }
    }
  }
}

}  // namespace

std::size_t ntt_table_words(std::size_t n) { return 4 * n + wide_words(n); }

Buffer build_ntt_table(NttTable& table, const Modulus& q, int log_n, RingType ring) {
  const std::size_t n = std::size_t{1} << log_n;
  Buffer words(ntt_table_words(n));
  u64* roots = words.data();
  u64* roots_shoup = roots + n;
  u64* inverse = roots + 2 * n;
  u64* inverse_shoup = roots + 3 * n;
  const u64 psi = primitive_root(q, root_order(ring, n) / 2);
  // The whole tree of degree n (standard), or the half of the tree of degree 2n below its node 2, whose node 2^(d+1) + r is
  // node 2^d + r here.
  const bool standard = ring == RingType::kStandard;
  const std::size_t powers = standard ? n : 2 * n;
  const int bits = standard ? log_n : log_n + 1;
  Buffer natural(2 * powers);  // psi^i and their companions
  u64* const power = natural.data();
  u64* const companion = power + powers;
  const u64 psi_shoup = shoup(psi, q);
  power[0] = 1;
  for (std::size_t i = 1; i < powers; ++i) power[i] = mul_shoup(power[i - 1], psi, psi_shoup, q.value);
  for (std::size_t i = 0; i < powers; ++i) companion[i] = shoup(power[i], q);
  for (std::size_t at = standard ? 0 : 1; at < n; ++at) {
    const u32 here = static_cast<u32>(at);
    const u32 node = standard ? here : here + (1U << (31 - __builtin_clz(here)));
    const u32 i = bit_reverse(node, bits);
    roots[at] = power[i];
    roots_shoup[at] = companion[i];
    // psi^-i = -psi^(powers - i), and the companion of q - w is the complement of that of w, as q does not divide w 2^64 for 0 < w < q
    inverse[at] = i == 0 ? 1 : q.value - power[powers - i];
    inverse_shoup[at] = i == 0 ? companion[0] : ~companion[powers - i];
  }
  if (!standard) roots[0] = roots_shoup[0] = inverse[0] = inverse_shoup[0] = 0;  // no node
  if (n >= 64) {
    u64* companions = words.data() + 4 * n;
    u64* inverse_companions = companions + n / 8;
    u64* leaves = inverse_companions + n / 8;
    u64* inverse_leaves = leaves + n / 64 * NttTable::kLeafWords;
    fill_wide(companions, leaves, roots, roots_shoup, n);
    fill_wide(inverse_companions, inverse_leaves, inverse, inverse_shoup, n);
  }
  view_ntt_table(table, q, log_n, ring, words.data());
  return words;
}

void view_ntt_table(NttTable& table, const Modulus& q, int log_n, RingType ring, const u64* words) {
  const std::size_t n = std::size_t{1} << log_n;
  const bool standard = ring == RingType::kStandard;
  table.ring = ring;
  table.modulus = q;
  table.n = n;
  table.log_n = log_n;
  table.roots = words;
  table.roots_shoup = words + n;
  table.inverse_roots = words + 2 * n;
  table.inverse_roots_shoup = words + 3 * n;
  if (n >= 64) {
    table.companions = words + 4 * n;
    table.inverse_companions = table.companions + n / 8;
    table.leaves = table.inverse_companions + n / 8;
    table.inverse_leaves = table.leaves + n / 64 * NttTable::kLeafWords;
  }
  if (!standard) {
    table.unfold = pow_mod(primitive_root(q, root_order(ring, n) / 2), n, q);
    table.unfold_shoup = shoup(table.unfold, q.value);
    table.fold = negate_mod(table.unfold, q.value);
    table.fold_shoup = shoup(table.fold, q.value);
  }
  table.n_inverse = inverse_mod(standard ? n : 2 * n, q);
  table.n_inverse_shoup = shoup(table.n_inverse, q.value);
  table.n_inverse_root = mul_mod(table.n_inverse, table.inverse_roots[1], q);
  table.n_inverse_root_shoup = shoup(table.n_inverse_root, q.value);
}

NttTable with_scaled_inverse(const NttTable& table, u64 factor) {
  NttTable scaled = table;
  const Modulus& q = table.modulus;
  scaled.n_inverse = mul_mod(table.n_inverse, factor, q);
  scaled.n_inverse_shoup = shoup(scaled.n_inverse, q.value);
  scaled.n_inverse_root = mul_mod(table.n_inverse_root, factor, q);
  scaled.n_inverse_root_shoup = shoup(scaled.n_inverse_root, q.value);
  return scaled;
}

}  // namespace tacet
