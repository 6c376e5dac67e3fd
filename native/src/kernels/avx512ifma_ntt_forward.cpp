// SPDX-License-Identifier: Apache-2.0
// Forward transform in 52-bit lanes.
//
// The stages form a binary tree: node 1 is the whole array, node k halves into nodes 2k and 2k+1, and its butterflies
// turn by roots[k]. A pass does up to three levels at once on 2, 4 or 8 vectors, and the recursion goes depth first, so
// that a block stays in cache once it fits. Blocks of 64 words finish in registers: three levels on eight vectors, and
// three more on the transposed square, whose vectors hold one word of each block of eight. The butterflies of one level
// are too few to fill the time until their results are there, so two blocks take turns.
//
// Ranges, in multiples of q; numbers are loose (avx512ifma_lanes.h). A butterfly computes x + t and x - t with t = w y mod q in
// [-1, 1), for any y in [0, 2^52/q).
//   tight (q < 2^50, 2^52 >= 4q): every x is first reduced to [1, 3), so that all results are in [0, 4). Two
//     multiplications do it, or a mask, a minimum, a difference and a sum on other ports: pairs alternate.
//   lazy  (q < 2^48, 2^52 >= 16q): within a pass every result descends from vector 0 as x, so only that one is reduced, to
//     [6, 8). Three levels on, results are in [3, 11); vectors 1, 2, 3 enter in that range and are in [1, 13) when they are
//     used as y for the last time. The caller's [0, 4) is raised by 3 in the first pass.
//
// In the conjugate-invariant ring the first pass folds (NttTable) as it loads: a + fold a' with the product in [0, 2) is in
// [0, 6), which the lazy pass takes like [0, 4); the tight one reduces a in the same step and has [0, 4).
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
  std::size_t blocks;  ///< of 64 words; the node of the first
  Lanes one;    ///< shift of t: [-1, 1)
  Lanes raise;  ///< shift of reduced x: -1 (tight) or -6 (lazy)
  Lanes three_q;
  std::ptrdiff_t to_minuend = 0;  ///< from a word of x to the minuend's; quotients only, like the next two
  Lanes positive = zero();        ///< what makes minuend - x positive: 2q (tight) or 11q (lazy)
  Factor factor = {zero(), zero()};
};

/// kMinimum chooses how a tight x is reduced.
template <bool kLazy, bool kMinimum>
TACET_INLINE void butterfly(Lanes& x, Lanes& y, const Factor& f, const Plan& p) {
  if (kLazy) {
    const Lanes a = x;
    x = add_low(add_low(a, y, f.w), add_high(p.one, y, f.companion), p.c.minus_q);  // a + t
    y = sub(add(a, a), x);
  } else {  // the reduction and the product are independent chains
    const Lanes a = kMinimum ? add(finish_to_2q(x, p.c), p.c.q) : reduce_loosely(x, p.raise, p.c);
    const Lanes t = multiply(y, f, p.one, p.c);
    x = add(a, t);
    y = sub(a, t);
  }
}

/// One level of a pass over kSets sets of kLegs vectors: partners are kHalf apart; node i of the level has factor
/// kLegs / (2 kHalf) + i of its set's heap.
template <bool kLazy, int kLegs, int kHalf, int kSets>
TACET_INLINE void level(Lanes (*v)[kLegs], const Factor (*f)[kLegs], const Plan& p) {
#pragma GCC unroll 8
  for (int i = 0; i < kLegs / 2; ++i) {
    const int node = i / kHalf;
    const int at = 2 * kHalf * node + i % kHalf;
#pragma GCC unroll 2
    for (int k = 0; k < kSets; ++k) {
      const Factor& factor = f[k][kLegs / (2 * kHalf) + node];
      if (i % 2 == 0) {
        butterfly<kLazy, true>(v[k][at], v[k][at + kHalf], factor, p);
      } else {
        butterfly<kLazy, false>(v[k][at], v[k][at + kHalf], factor, p);
      }
    }
  }
}

/// All levels of a pass. f[k] holds the factors of the nodes below set k's in heap order: f[k][1], f[k][2..3],
/// f[k][4..7].
template <int kLog, bool kLazy, bool kFirst, int kSets>
TACET_INLINE void levels(Lanes (*v)[1 << kLog], const Factor (*f)[1 << kLog], const Plan& p) {
  constexpr int kLegs = 1 << kLog;
  if (kLazy) {
#pragma GCC unroll 2
    for (int k = 0; k < kSets; ++k) {
      v[k][0] = reduce_loosely(v[k][0], p.raise, p.c);
      if (kFirst) {
#pragma GCC unroll 4
        for (int i = 1; i < kLegs / 2; ++i) v[k][i] = add(v[k][i], p.three_q);
      }
    }
  }
  level<kLazy, kLegs, kLegs / 2, kSets>(v, f, p);
  if constexpr (kLog > 1) level<kLazy, kLegs, kLegs / 4, kSets>(v, f, p);
  if constexpr (kLog > 2) level<kLazy, kLegs, kLegs / 8, kSets>(v, f, p);
}

/// kLog levels of the block of 2^log_length words at x.
template <int kLog, bool kLazy, bool kFirst>
void pass(u64* x, int log_length, std::size_t node, const Plan& plan) {
  const Plan p = plan;
  Factor f[1 << kLog];
  load_factors<kLog>(f, node, p.roots, p.companions);
  const std::size_t stride = std::size_t{1} << (log_length - kLog);
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Lanes v[1 << kLog];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 1 << kLog; ++i) v[i] = load(x + i * stride + j);
    levels<kLog, kLazy, kFirst, 1>(&v, &f, p);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 1 << kLog; ++i) store(x + i * stride + j, v[i]);
  }
}

template <bool kLazy>
TACET_INLINE Lanes folded(Lanes own, Lanes mirror, const Factor& fold, const Constants& c) {
  if (kLazy) return add(own, multiply(mirror, fold, zero(), c));
  const Lanes quotient = add_high(add_high(zero(), own, c.quotient), mirror, fold.companion);
  return add_low(add_low(own, mirror, fold.w), quotient, c.minus_q);
}

/// The first pass of the conjugate-invariant ring. The mirror image of word `at` of leg k is word stride - at of the opposite
/// leg, and for at = 0 that of leg -k. So words 1.. and words ..stride-1 are taken together, eight by eight, up to the middle
/// one, which both ends reach with the same result; the column of the words 0 goes by itself.
template <int kLog, bool kLazy>
void folding_pass(u64* x, int log_n, const Factor& fold, const Plan& plan) {
  const Plan p = plan;
  constexpr std::size_t kLegs = 1 << kLog;
  Factor f[kLegs];
  load_factors<kLog>(f, 1, p.roots, p.companions);
  const std::size_t stride = std::size_t{1} << (log_n - kLog);
  Lanes v[kLegs], w[kLegs];
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kLegs; ++i) w[i] = splat(x[i * stride]);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kLegs; ++i) v[i] = folded<kLazy>(w[i], i == 0 ? zero() : w[kLegs - i], fold, p.c);
  levels<kLog, kLazy, true, 1>(&v, &f, p);
#pragma GCC unroll 8
  for (std::size_t i = 0; i < kLegs; ++i) _mm512_mask_storeu_epi64(x + i * stride, 1, v[i]);
  for (std::size_t j = 1; j < stride / 2; j += kLanes) {
    Lanes low[kLegs], high[kLegs];
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLegs; ++i) {
      low[i] = load(x + i * stride + j);
      high[i] = load(x + i * stride + stride - j - (kLanes - 1));
    }
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLegs; ++i) {
      v[i] = folded<kLazy>(low[i], reversed(high[kLegs - 1 - i]), fold, p.c);
      w[i] = folded<kLazy>(high[i], reversed(low[kLegs - 1 - i]), fold, p.c);
    }
    levels<kLog, kLazy, true, 1>(&v, &f, p);
    levels<kLog, kLazy, true, 1>(&w, &f, p);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < kLegs; ++i) {
      store(x + i * stride + j, v[i]);
      store(x + i * stride + stride - j - (kLanes - 1), w[i]);
    }
  }
}

/// What is stored in the end: the results x, or (minuend - x) w.
enum class End { kResults, kQuotients };

/// To [0, q).
template <bool kLazy>
TACET_INLINE Lanes finish_result(Lanes x, const Plan& p) {
  return kLazy ? finish(reduce_loosely(x, zero(), p.c), p.c) : finish_4q(x, p.c);
}

/// (minuend - x) w in [0, q). Lazy results come in [3, 11) and need no reduction: a product takes anything in [0, 16q).
template <bool kLazy>
TACET_INLINE Lanes quotient(const u64* minuend, Lanes x, const Plan& p) {
  const Lanes difference = sub(add(load(minuend), p.positive), kLazy ? x : finish_to_2q(x, p.c));
  return finish(multiply(difference, p.factor, zero(), p.c), p.c);
}

/// All six levels of kBlocks neighbouring blocks of 64 words, the first of which is `node`.
template <End kEnd, bool kLazy, bool kFirst, std::size_t kBlocks>
void finish_blocks(u64* x, std::size_t node, const Plan& plan) {
  constexpr std::size_t kWords = 64;
  const Plan p = plan;
  const u64* leaves = p.leaves + NttTable::kLeafWords * (node - p.blocks);
  prefetch_leaves(leaves, kBlocks);
  Factor f[kBlocks][8];
  Lanes v[kBlocks][8];
#pragma GCC unroll 2
  for (std::size_t k = 0; k < kBlocks; ++k) {
    load_factors<3>(f[k], node + k, p.roots, p.companions);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) v[k][i] = load(x + k * kWords + i * kLanes);
  }
  levels<3, kLazy, kFirst, kBlocks>(v, f, p);
#pragma GCC unroll 2
  for (std::size_t k = 0; k < kBlocks; ++k) {
    transpose(v[k]);
    load_leaves(f[k], leaves + NttTable::kLeafWords * k);
  }
  levels<3, kLazy, false, kBlocks>(v, f, p);
#pragma GCC unroll 2
  for (std::size_t k = 0; k < kBlocks; ++k) {
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) v[k][i] = kEnd == End::kQuotients ? v[k][i] : finish_result<kLazy>(v[k][i], p);
    transpose(v[k]);
#pragma GCC unroll 8
    for (std::size_t i = 0; i < 8; ++i) {
      u64* at = x + k * kWords + i * kLanes;
      store(at, kEnd == End::kQuotients ? quotient<kLazy>(at + p.to_minuend, v[k][i], p) : v[k][i]);
    }
  }
}

/// All levels of `count` (2, 4 or 8) neighbouring blocks of 2^log_length words, the first of which is `node`;
/// log_length - 6 is a multiple of 3.
template <End kEnd, bool kLazy>
void transform(u64* x, std::size_t count, int log_length, std::size_t node, const Plan& p) {
  if (log_length == 6) {
    for (std::size_t i = 0; i < count; i += 2) finish_blocks<kEnd, kLazy, false, 2>(x + 64 * i, node + i, p);
    return;
  }
  for (std::size_t i = 0; i < count; ++i) {
    u64* block = x + (i << log_length);
    pass<3, kLazy, false>(block, log_length, node + i, p);
    transform<kEnd, kLazy>(block, 8, log_length - 3, 8 * (node + i), p);
  }
}

/// The first kLog levels; `fold` is null in the standard ring.
template <int kLog, bool kLazy>
void first_pass(u64* x, int log_n, const Factor* fold, const Plan& p) {
  if (fold == nullptr) {
    pass<kLog, kLazy, true>(x, log_n, 1, p);
  } else {
    folding_pass<kLog, kLazy>(x, log_n, *fold, p);
  }
}

template <End kEnd, bool kLazy>
void transform_all(u64* x, int log_n, const Factor* fold, const Plan& p) {
  if (log_n == 6) return finish_blocks<kEnd, kLazy, true, 1>(x, 1, p);
  const int first = (log_n - 6) % 3 == 0 ? 3 : (log_n - 6) % 3;
  if (first == 1) first_pass<1, kLazy>(x, log_n, fold, p);
  if (first == 2) first_pass<2, kLazy>(x, log_n, fold, p);
  if (first == 3) first_pass<3, kLazy>(x, log_n, fold, p);
  const std::size_t children = std::size_t{1} << first;
  transform<kEnd, kLazy>(x, children, log_n - first, children, p);
}

bool is_lazy(const NttTable& table) { return table.modulus.value < u64{1} << 48; }

Plan plan_of(const NttTable& table) {
  const u64 q = table.modulus.value;
  return {Constants(q), table.roots, table.companions, table.leaves,
          table.n / 64, splat(1),    splat(is_lazy(table) ? 0 - u64{6} : 0 - u64{1}), splat(3 * q)};
}

template <End kEnd>
void run(u64* x, const NttTable& table, const Plan& plan) {
  const bool folds = table.ring == RingType::kConjugateInvariant;
  if (folds && table.log_n == 6) fold(x, table);
  const Factor factor = splat_factor(table.fold, table.fold_shoup);
  if (is_lazy(table)) {
    transform_all<kEnd, true>(x, table.log_n, folds ? &factor : nullptr, plan);
  } else {
    transform_all<kEnd, false>(x, table.log_n, folds ? &factor : nullptr, plan);
  }
}

}  // namespace

void ntt_forward(u64* x, const NttTable& table) {
  if (table.log_n < 6) return scalar_kernels().ntt_forward(x, table);
  run<End::kResults>(x, table, plan_of(table));
}

void ntt_forward_quotient(u64* x, const u64* minuend, u64 w, u64 w_shoup, const NttTable& table) {
  if (table.log_n < 6) return scalar_kernels().ntt_forward_quotient(x, minuend, w, w_shoup, table);
  Plan plan = plan_of(table);
  plan.to_minuend = minuend - x;
  plan.positive = splat((is_lazy(table) ? 11 : 2) * table.modulus.value);
  plan.factor = splat_factor(w, w_shoup);
  run<End::kQuotients>(x, table, plan);
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
