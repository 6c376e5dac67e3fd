// SPDX-License-Identifier: Apache-2.0
// Inverse transform in 52-bit lanes: the tree of avx512ifma_ntt_forward.cpp from the leaves to the root, its blocks two
// by two.
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

/// One level of a pass over kSets sets of 2^kLog vectors: partners are 2^kDepth apart; node i of the level has factor
/// 2^(kLog - 1 - kDepth) + i of its set's heap. In the last level of a pass the results of set k are shifted by out[k].
template <bool kLazy, int kLog, int kDepth, int kSets>
TACET_INLINE void level(Lanes (*v)[1 << kLog], const Factor (*f)[1 << kLog], const Lanes* out, const Plan& p) {
  constexpr int kHalf = 1 << kDepth;
  constexpr bool kEnd = kDepth == kLog - 1;
#pragma GCC unroll 8
  for (int i = 0; i < 1 << (kLog - 1); ++i) {
    const int node = i / kHalf;
    const int at = 2 * kHalf * node + i % kHalf;
#pragma GCC unroll 2
    for (int k = 0; k < kSets; ++k) {
      Lanes& x = v[k][at];
      Lanes& y = v[k][at + kHalf];
      const Lanes shift = kEnd ? out[k] : splat_shift(shift_for<kLazy>(kLog - 1 - kDepth, node));
      const Lanes sum = add(x, y);
      const Lanes difference = sub(x, y);
      x = kLazy && !kEnd ? sum : reduce_loosely(sum, shift, p.c);
      y = multiply(difference, f[k][(1 << (kLog - 1 - kDepth)) + node], shift, p.c);
    }
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

/// All levels of a pass; f as in the forward transform: f[k][1], f[k][2..3], f[k][4..7]. The last pass is of one set.
template <int kLog, bool kLazy, bool kLast, int kSets>
TACET_INLINE void levels(Lanes (*v)[1 << kLog], const Factor (*f)[1 << kLog], const Lanes* out, const Plan& p) {
  if constexpr (kLog > 2) level<kLazy, kLog, kLog - 3, kSets>(v, f, out, p);
  if constexpr (kLog > 1) level<kLazy, kLog, kLog - 2, kSets>(v, f, out, p);
  if constexpr (kLast) {
    static_assert(kSets == 1);
    last_level<kLog>(v[0], p);
  } else {
    level<kLazy, kLog, kLog - 1, kSets>(v, f, out, p);
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
    levels<kLog, kLazy, kLast, 1>(&v, &f, &out, p);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 1 << kLog; ++i) store(x + i * stride + j, kLast ? finish(v[i], p.c) : v[i]);
  }
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
  const Lanes out = zero();
  Lanes low[kLegs], high[kLegs];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kLegs; ++i) low[i] = splat(x[i * stride]);
  levels<kLog, kLazy, true, 1>(&low, &f, &out, p);
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
    levels<kLog, kLazy, true, 1>(&low, &f, &out, p);
    levels<kLog, kLazy, true, 1>(&high, &f, &out, p);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLegs; ++i) {
      store(x + i * stride + j, unfolded(low[i], reversed(high[kLegs - 1 - i]), unfold, p.c));
      store(x + i * stride + stride - j - (kLanes - 1), unfolded(high[i], reversed(low[kLegs - 1 - i]), unfold, p.c));
    }
  }
}

/// All six levels of kBlocks neighbouring blocks of 64 words, the first of which is `node`. The results of block k are
/// shifted by shifts[k].
template <bool kLazy, bool kLast, std::size_t kBlocks>
void start_blocks(u64* x, std::size_t node, const i64* shifts, const Plan& plan) {
  constexpr std::size_t kWords = 64;
  const Plan p = plan;
  const u64* leaves = p.leaves + NttTable::kLeafWords * (node - p.blocks);
  prefetch_leaves(leaves, kBlocks);
  const Lanes q = p.c.q, q3 = add(add(q, q), q);
  const Lanes by_block = _mm512_set_epi64(shift_for<kLazy>(3, 7), shift_for<kLazy>(3, 6), shift_for<kLazy>(3, 5),
                                          shift_for<kLazy>(3, 4), shift_for<kLazy>(3, 3), shift_for<kLazy>(3, 2),
                                          shift_for<kLazy>(3, 1), shift_for<kLazy>(3, 0));
  Lanes out[kBlocks];
  Factor f[kBlocks][8];
  Lanes v[kBlocks][8];
#pragma GCC unroll 2
  for (std::size_t k = 0; k < kBlocks; ++k) {
    out[k] = by_block;
    load_leaves(f[k], leaves + NttTable::kLeafWords * k);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) v[k][i] = load(x + k * kWords + i * kLanes);
    transpose(v[k]);
    // Word e of each block of eight, in [0, 2q), is moved to where a group of eight wants it.
#pragma GCC unroll 8
    for (int e = 0; e < 8; ++e) {
      const i64 start = -shift_for<kLazy>(3, e);
      const Lanes distance = start == 3 || start == -3 ? q3 : q;
      v[k][e] = start > 0 ? add(v[k][e], distance) : sub(v[k][e], distance);
    }
  }
  levels<3, kLazy, false, kBlocks>(v, f, out, p);
#pragma GCC unroll 2
  for (std::size_t k = 0; k < kBlocks; ++k) {
    out[k] = splat_shift(shifts[k]);
    transpose(v[k]);
    load_factors<3>(f[k], node + k, p.roots, p.companions);
  }
  levels<3, kLazy, kLast, kBlocks>(v, f, out, p);
#pragma GCC unroll 2
  for (std::size_t k = 0; k < kBlocks; ++k) {
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) store(x + k * kWords + i * kLanes, kLast ? finish(v[k][i], p.c) : v[k][i]);
  }
}

/// All levels of the 2^kLog neighbouring blocks of 2^log_length words, the first of which is `node`; log_length - 6 is a
/// multiple of 3. These blocks meet in the next kLog levels.
template <int kLog, bool kLazy>
void transform(u64* x, int log_length, std::size_t node, const Plan& p) {
  i64 shifts[1 << kLog];
  for (int i = 0; i < 1 << kLog; ++i) shifts[i] = shift_for<kLazy>(kLog, i);
  if (log_length == 6) {
    for (std::size_t i = 0; i < 1 << kLog; i += 2) start_blocks<kLazy, false, 2>(x + 64 * i, node + i, shifts + i, p);
    return;
  }
  for (std::size_t i = 0; i < 1 << kLog; ++i) {
    u64* block = x + (i << log_length);
    transform<3, kLazy>(block, log_length - 3, 8 * (node + i), p);
    pass<3, kLazy, false>(block, log_length, node + i, shifts[i], p);
  }
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

/// The whole, whose last pass is of kLog levels.
template <int kLog, bool kLazy>
void transform_all(u64* x, int log_n, const Factor* unfold, const Plan& p) {
  transform<kLog, kLazy>(x, log_n - kLog, std::size_t{1} << kLog, p);
  last_pass<kLog, kLazy>(x, log_n, unfold, p);
}

template <bool kLazy>
void transform_all(u64* x, int log_n, const Factor* unfold, const Plan& p) {
  const i64 none = 0;
  if (log_n == 6) return start_blocks<kLazy, true, 1>(x, 1, &none, p);
  if (log_n % 3 == 1) return transform_all<1, kLazy>(x, log_n, unfold, p);
  if (log_n % 3 == 2) return transform_all<2, kLazy>(x, log_n, unfold, p);
  transform_all<3, kLazy>(x, log_n, unfold, p);
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
