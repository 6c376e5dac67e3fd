// SPDX-License-Identifier: Apache-2.0
// Inverse transform in 52-bit lanes: the tree of avx512ifma_ntt_forward.cpp from the leaves to the root.
//
// Ranges, in multiples of q; numbers are loose (avx512ifma_lanes.h). A butterfly computes x + y and w (x - y). Reductions and
// products give an interval of width 2 that may start at any multiple of q, for free: it is chosen so that sums and differences
// to come lie in [0, 2^52/q).
//   tight (q < 2^50, 2^52 >= 4q): sums are reduced at every level. x comes in [1, 3) and y in [-1, 1), so that both x + y and
//     x - y are in [0, 4).
//   lazy  (q < 2^48, 2^52 >= 16q): sums are reduced at the end of a pass. Number e of a group of 2^r numbers that meet in r
//     levels comes in [k, k + 2) with k = r - 2 popcount(e): then the sum of all is in [0, 2^(r+1)), the difference of the
//     lower and the upper half too, and the same holds for every smaller group on the way.
//
// In the conjugate-invariant ring the last pass unfolds (NttTable) before it stores: b + unfold b' with both in [0, 2) is in
// [0, 4).
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_lanes.h"
#include "kernels/fold.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

struct Plan {
  Constants c;
  const u64* roots;
  const u64* companions;
  const u64* leaves;
  std::size_t blocks;     ///< of 64 words; the node of the first
  Factor n_inverse;       ///< n^-1
  Factor n_inverse_root;  ///< n^-1 times the root of node 1
};

constexpr int popcount(int x) { return x == 0 ? 0 : (x & 1) + popcount(x >> 1); }

/// Minus the start k of the interval wanted for number e of a group that meets in r levels.
template <bool kLazy>
constexpr i64 shift_for(int r, int e) {
  return kLazy ? 2 * popcount(e) - r : ((e & 1) == 0 ? -1 : 1);
}

TACET_INLINE Lanes splat_shift(i64 shift) { return _mm512_set1_epi64(shift); }

/// One level of a pass over 2^kLog vectors: partners are 2^kDepth apart; node i of the level has factor f[i]. In the last level
/// of a pass results are shifted by `out`.
template <bool kLazy, int kLog, int kDepth>
TACET_INLINE void level(Lanes* v, const Factor* f, Lanes out, const Plan& p) {
  constexpr int kHalf = 1 << kDepth;
  constexpr bool kEnd = kDepth == kLog - 1;
#pragma GCC unroll 8
  for (int i = 0; i < 1 << (kLog - 1); ++i) {
    const int node = i / kHalf;
    Lanes& x = v[2 * kHalf * node + i % kHalf];
    Lanes& y = v[2 * kHalf * node + i % kHalf + kHalf];
    const Lanes shift = kEnd ? out : splat_shift(shift_for<kLazy>(kLog - 1 - kDepth, node));
    const Lanes sum = add(x, y);
    const Lanes difference = sub(x, y);
    x = kLazy && !kEnd ? sum : reduce_loosely(sum, shift, p.c);
    y = multiply(difference, f[node], shift, p.c);
  }
}

/// The last level of all, with 1/n folded in. Results are loose, in [0, 2).
template <int kLog>
TACET_INLINE void last_level(Lanes* v, const Plan& p) {
  constexpr int kHalf = 1 << (kLog - 1);
#pragma GCC unroll 4
  for (int i = 0; i < kHalf; ++i) {
    const Lanes sum = add(v[i], v[i + kHalf]);
    const Lanes difference = sub(v[i], v[i + kHalf]);
    v[i] = multiply(sum, p.n_inverse, zero(), p.c);
    v[i + kHalf] = multiply(difference, p.n_inverse_root, zero(), p.c);
  }
}

/// All levels of a pass; f as in the forward transform: f[1], f[2..3], f[4..7].
template <int kLog, bool kLazy, bool kLast>
TACET_INLINE void levels(Lanes* v, const Factor* f, Lanes out, const Plan& p) {
  if constexpr (kLog > 2) level<kLazy, kLog, kLog - 3>(v, f + 4, out, p);
  if constexpr (kLog > 1) level<kLazy, kLog, kLog - 2>(v, f + 2, out, p);
  if constexpr (kLast) {
    last_level<kLog>(v, p);
  } else {
    level<kLazy, kLog, kLog - 1>(v, f + 1, out, p);
  }
}

template <int kLog, bool kLazy, bool kLast>
void pass(u64* x, int log_length, std::size_t node, i64 shift, const Plan& plan) {
  const Plan p = plan;
  Factor f[1 << kLog];
  load_factors<kLog>(f, node, p.roots, p.companions);
  const Lanes out = splat_shift(shift);
  const std::size_t stride = std::size_t{1} << (log_length - kLog);
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Lanes v[1 << kLog];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 1 << kLog; ++i) v[i] = load(x + i * stride + j);
    levels<kLog, kLazy, kLast>(v, f, out, p);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 1 << kLog; ++i) store(x + i * stride + j, kLast ? finish(v[i], p.c) : v[i]);
  }
}

/// From a loose number in [0, 4q) to [0, q).
TACET_INLINE Lanes finish_4q(Lanes x, const Constants& c) {
  return subtract_if_at_least(subtract_if_at_least(_mm512_and_si512(x, c.low52), add(c.q, c.q)), c.q);
}

TACET_INLINE Lanes unfolded(Lanes own, Lanes mirror, const Factor& unfold, const Constants& c) {
  return finish_4q(add(own, multiply(mirror, unfold, zero(), c)), c);
}

/// The last pass of the conjugate-invariant ring; words and their mirror images as in folding_pass of the forward transform.
template <int kLog, bool kLazy>
void unfolding_pass(u64* x, int log_n, const Factor& unfold, const Plan& plan) {
  const Plan p = plan;
  constexpr std::size_t kLegs = 1 << kLog;
  Factor f[kLegs];
  load_factors<kLog>(f, 1, p.roots, p.companions);
  const std::size_t stride = std::size_t{1} << (log_n - kLog);
  Lanes low[kLegs], high[kLegs];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kLegs; ++i) low[i] = splat(x[i * stride]);
  levels<kLog, kLazy, true>(low, f, zero(), p);
  _mm512_mask_storeu_epi64(x, 1, finish_4q(add(low[0], low[0]), p.c));
#pragma GCC unroll 8
  for (std::size_t i = 1; i < kLegs; ++i) {
    _mm512_mask_storeu_epi64(x + i * stride, 1, unfolded(low[i], low[kLegs - i], unfold, p.c));
  }
  for (std::size_t j = 1; j < stride / 2; j += kLanes) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLegs; ++i) {
      low[i] = load(x + i * stride + j);
      high[i] = load(x + i * stride + stride - j - (kLanes - 1));
    }
    levels<kLog, kLazy, true>(low, f, zero(), p);
    levels<kLog, kLazy, true>(high, f, zero(), p);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLegs; ++i) {
      store(x + i * stride + j, unfolded(low[i], reversed(high[kLegs - 1 - i]), unfold, p.c));
      store(x + i * stride + stride - j - (kLanes - 1), unfolded(high[i], reversed(low[kLegs - 1 - i]), unfold, p.c));
    }
  }
}

/// All six levels of block `block` of 64 words.
template <bool kLazy, bool kLast>
void start_block(u64* x, std::size_t node, std::size_t block, i64 shift, const Plan& plan) {
  const Plan p = plan;
  Lanes v[8];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) v[i] = load(x + i * kLanes);
  transpose(v);
  // Word e of each block of eight, in [0, 2q), is moved to where a group of eight wants it.
  const Lanes q = p.c.q, q3 = add(add(q, q), q);
#pragma GCC unroll 8
  for (int e = 0; e < 8; ++e) {
    const i64 k = -shift_for<kLazy>(3, e);
    const Lanes distance = k == 3 || k == -3 ? q3 : q;
    v[e] = k > 0 ? add(v[e], distance) : sub(v[e], distance);
  }
  Factor f[8];
  load_leaves(f, p.leaves + NttTable::kLeafWords * block);
  const Lanes by_block = _mm512_set_epi64(shift_for<kLazy>(3, 7), shift_for<kLazy>(3, 6), shift_for<kLazy>(3, 5),
                                          shift_for<kLazy>(3, 4), shift_for<kLazy>(3, 3), shift_for<kLazy>(3, 2),
                                          shift_for<kLazy>(3, 1), shift_for<kLazy>(3, 0));
  levels<3, kLazy, false>(v, f, by_block, p);
  transpose(v);
  load_factors<3>(f, node, p.roots, p.companions);
  levels<3, kLazy, kLast>(v, f, splat_shift(shift), p);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < 8; ++i) store(x + i * kLanes, kLast ? finish(v[i], p.c) : v[i]);
}

/// All levels of a block of 2^log_length words, log_length - 6 a multiple of 3.
template <bool kLazy>
void transform(u64* x, int log_length, std::size_t node, i64 shift, const Plan& p) {
  if (log_length == 6) return start_block<kLazy, false>(x, node, node - p.blocks, shift, p);
  const std::size_t length = std::size_t{1} << (log_length - 3);
  for (int i = 0; i < 8; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    transform<kLazy>(x + at * length, log_length - 3, 8 * node + at, shift_for<kLazy>(3, i), p);
  }
  pass<3, kLazy, false>(x, log_length, node, shift, p);
}

/// The last kLog levels; `unfold` is null in the standard ring.
template <int kLog, bool kLazy>
void last_pass(u64* x, int log_n, const Factor* unfold, const Plan& p) {
  if (unfold == nullptr) {
    pass<kLog, kLazy, true>(x, log_n, 1, 0, p);
  } else {
    unfolding_pass<kLog, kLazy>(x, log_n, *unfold, p);
  }
}

template <bool kLazy>
void transform_all(u64* x, int log_n, const Factor* unfold, const Plan& p) {
  if (log_n == 6) return start_block<kLazy, true>(x, 1, 0, 0, p);
  const int last = (log_n - 6) % 3 == 0 ? 3 : (log_n - 6) % 3;
  const std::size_t length = std::size_t{1} << (log_n - last);
  for (int i = 0; i < 1 << last; ++i) {
    const std::size_t at = static_cast<std::size_t>(i);
    transform<kLazy>(x + at * length, log_n - last, (std::size_t{1} << last) + at, shift_for<kLazy>(last, i), p);
  }
  if (last == 1) last_pass<1, kLazy>(x, log_n, unfold, p);
  if (last == 2) last_pass<2, kLazy>(x, log_n, unfold, p);
  if (last == 3) last_pass<3, kLazy>(x, log_n, unfold, p);
}

}  // namespace

void ntt_inverse(u64* x, const NttTable& table) {
  if (table.log_n < 6) return scalar_kernels().ntt_inverse(x, table);
  const u64 q = table.modulus.value;
  const Plan plan{Constants(q),
                  table.inverse_roots,
                  table.inverse_companions,
                  table.inverse_leaves,
                  table.n / 64,
                  splat_factor(table.n_inverse, table.n_inverse_shoup),
                  splat_factor(table.n_inverse_root, table.n_inverse_root_shoup)};
  const bool unfolds = table.ring == RingType::kConjugateInvariant;
  const Factor factor = splat_factor(table.unfold, table.unfold_shoup);
  if (q < u64{1} << 48) {
    transform_all<true>(x, table.log_n, unfolds ? &factor : nullptr, plan);
  } else {
    transform_all<false>(x, table.log_n, unfolds ? &factor : nullptr, plan);
  }
  if (unfolds && table.log_n == 6) unfold(x, table);
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
