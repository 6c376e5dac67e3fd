// SPDX-License-Identifier: Apache-2.0
// Both transforms in double-precision lanes; the tree of stages is that of avx512ifma_ntt_forward.cpp. Between passes the array
// holds doubles.
//
// Magnitudes in multiples of q; t(Y) = 1/2 + 3/8 Y bounds a product of a number of magnitude Y.
//   forward: a pass of two levels starts at B <= 4, reduces vectors 0 and 1 to 1/2, and ends at
//     1/2 + t(B) + t(1/2 + t(B)) <= 4. A single level ends at 1/2 + t(B) <= 5/2.
//   inverse: starts at 2; sums are reduced to 1/2, products of differences are t(4) = 2.
// In the conjugate-invariant ring the first pass folds and the last one unfolds (NttTable) at the same time: a reduced to 1/2 plus
// fold a', t(4), is 5/2; b and unfold b' are t(4) and t(2).
#include "kernels/avx2.h"
#include "kernels/avx2_lanes.h"
#include "kernels/fold.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::avx2 {
namespace {

struct Plan {
  Constants c;
  const u64* roots;
};

TACET_INLINE Factor root(std::size_t node, const Plan& p) { return splat_factor(p.roots[node], p.c); }

TACET_INLINE void forward_butterfly(Lanes& x, Lanes& y, const Factor& f, const Plan& p) {
  const Lanes t = multiply(y, f, p.c);
  y = sub(x, t);
  x = add(x, t);
}

TACET_INLINE void inverse_butterfly(Lanes& x, Lanes& y, const Factor& f, const Plan& p) {
  const Lanes difference = sub(x, y);
  x = reduce(add(x, y), p.c);
  y = multiply(difference, f, p.c);
}

template <bool kWords>
TACET_INLINE Lanes load_number(const u64* p) {
  return kWords ? from_words(load(p)) : load(p);
}

/// Words of the two blocks of four whose roots are p[0], p[1], as the lanes [p0 p0 p1 p1].
TACET_INLINE Factor two_roots(const u64* p, const Constants& c) {
  const __m256i both = _mm256_castsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p)));
  return factor(_mm256_castsi256_pd(_mm256_permute4x64_epi64(both, 0x50)), c);
}

/// Two levels on four vectors.
TACET_INLINE void forward_levels(Lanes* v, const Factor& a, const Factor& b0, const Factor& b1, const Plan& p) {
  v[0] = reduce(v[0], p.c);
  v[1] = reduce(v[1], p.c);
  forward_butterfly(v[0], v[2], a, p);
  forward_butterfly(v[1], v[3], a, p);
  forward_butterfly(v[0], v[1], b0, p);
  forward_butterfly(v[2], v[3], b1, p);
}

template <bool kFirst>
void forward_pass4(u64* x, std::size_t length, std::size_t node, const Plan& plan) {
  const Plan p = plan;
  const Factor a = root(node, p), b0 = root(2 * node, p), b1 = root(2 * node + 1, p);
  const std::size_t stride = length / 4;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Lanes v[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) v[i] = load_number<kFirst>(x + i * stride + j);
    forward_levels(v, a, b0, b1, p);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) store(x + i * stride + j, v[i]);
  }
}

/// x[k] for the mirror images of a block of words: legs in reverse order, and so are the words of each.
template <std::size_t kLegs, bool kWords>
TACET_INLINE void load_ends(Lanes* low, Lanes* high, const u64* x, std::size_t stride, std::size_t j) {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kLegs; ++i) {
    low[i] = load_number<kWords>(x + i * stride + j);
    high[i] = load_number<kWords>(x + i * stride + stride - j - (kLanes - 1));
  }
}

template <std::size_t kLegs>
TACET_INLINE void store_ends(u64* x, const Lanes* low, const Lanes* high, std::size_t stride, std::size_t j) {
#pragma GCC unroll 4
  for (std::size_t i = 0; i < kLegs; ++i) {
    store(x + i * stride + j, low[i]);
    store(x + i * stride + stride - j - (kLanes - 1), high[i]);
  }
}

/// One or two levels of the root node.
template <std::size_t kLegs>
TACET_INLINE void first_levels(Lanes* v, const Factor* f, const Plan& p) {
  if constexpr (kLegs == 4) {
    forward_levels(v, f[1], f[2], f[3], p);
  } else {
    v[0] = reduce(v[0], p.c);
    forward_butterfly(v[0], v[1], f[1], p);
  }
}

TACET_INLINE Lanes folded(Lanes own, Lanes mirror, const Factor& fold, const Plan& p) {
  return add(reduce(own, p.c), multiply(mirror, fold, p.c));
}

/// The first pass of the conjugate-invariant ring. The mirror image of word `at` of leg k is word stride - at of the opposite
/// leg, and for at = 0 that of leg -k. So words 1.. and words ..stride-1 are taken together up to the middle one, which both ends
/// reach with the same result; the column of the words 0 goes by itself.
template <std::size_t kLegs>
void folding_pass(u64* x, std::size_t length, const Factor& fold, const Plan& plan) {
  const Plan p = plan;
  Factor f[kLegs];
  for (std::size_t i = 1; i < kLegs; ++i) f[i] = root(i, p);
  const std::size_t stride = length / kLegs;
  Lanes low[kLegs], high[kLegs], v[kLegs], w[kLegs];
  for (std::size_t i = 0; i < kLegs; ++i) low[i] = splat(static_cast<double>(x[i * stride]));
  for (std::size_t i = 0; i < kLegs; ++i) v[i] = folded(low[i], i == 0 ? splat(0) : low[kLegs - i], fold, p);
  first_levels<kLegs>(v, f, p);
  for (std::size_t i = 0; i < kLegs; ++i) {
    _mm_storel_pd(reinterpret_cast<double*>(x + i * stride), _mm256_castpd256_pd128(v[i]));
  }
  for (std::size_t j = 1; j < stride / 2; j += kLanes) {
    load_ends<kLegs, true>(low, high, x, stride, j);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kLegs; ++i) {
      v[i] = folded(low[i], reversed(high[kLegs - 1 - i]), fold, p);
      w[i] = folded(high[i], reversed(low[kLegs - 1 - i]), fold, p);
    }
    first_levels<kLegs>(v, f, p);
    first_levels<kLegs>(w, f, p);
    store_ends<kLegs>(x, v, w, stride, j);
  }
}

void forward_pass2(u64* x, std::size_t length, const Plan& plan) {
  const Plan p = plan;
  const Factor a = root(1, p);
  const std::size_t stride = length / 2;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Lanes low = reduce(from_words(load(x + j)), p.c), high = from_words(load(x + stride + j));
    forward_butterfly(low, high, a, p);
    store(x + j, low);
    store(x + stride + j, high);
  }
}

/// The four levels of a block of 16 words, with the final reduction. Comments name the words of a pair of vectors.
template <bool kFirst>
void forward_block(u64* x, std::size_t node, const Plan& plan) {
  const Plan p = plan;
  Lanes v[4];
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) v[i] = load_number<kFirst>(x + i * kLanes);
  forward_levels(v, root(node, p), root(2 * node, p), root(2 * node + 1, p), p);
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t node4 = 4 * node + 2 * i;
    Lanes a = reduce(_mm256_permute2f128_pd(v[2 * i], v[2 * i + 1], 0x20), p.c);  // 0 1 4 5
    Lanes b = _mm256_permute2f128_pd(v[2 * i], v[2 * i + 1], 0x31);               // 2 3 6 7
    forward_butterfly(a, b, two_roots(p.roots + node4, p.c), p);
    Lanes even = reduce(_mm256_unpacklo_pd(a, b), p.c);  // 0 2 4 6
    Lanes odd = _mm256_unpackhi_pd(a, b);                // 1 3 5 7
    forward_butterfly(even, odd, factor(load(p.roots + 2 * node4), p.c), p);
    even = finish(even, p.c);
    odd = finish(odd, p.c);
    a = _mm256_unpacklo_pd(even, odd);
    b = _mm256_unpackhi_pd(even, odd);
    store(x + 2 * i * kLanes, _mm256_permute2f128_pd(a, b, 0x20));
    store(x + 2 * i * kLanes + kLanes, _mm256_permute2f128_pd(a, b, 0x31));
  }
}

void forward(u64* x, int log_length, std::size_t node, const Plan& p) {
  if (log_length == 4) return forward_block<false>(x, node, p);
  forward_pass4<false>(x, std::size_t{1} << log_length, node, p);
  const std::size_t quarter = std::size_t{1} << (log_length - 2);
  for (std::size_t i = 0; i < 4; ++i) forward(x + i * quarter, log_length - 2, 4 * node + i, p);
}

/// x + y and x - y, times 1/n and a: the last level.
TACET_INLINE void last_butterfly(Lanes& x, Lanes& y, const Factor& a, const Factor& n_inverse, const Plan& p) {
  const Lanes difference = sub(x, y);
  x = multiply(add(x, y), n_inverse, p.c);
  y = multiply(difference, a, p.c);
}

/// Two levels on four vectors, from the leaves.
template <bool kLast>
TACET_INLINE void inverse_levels(Lanes* v, const Factor& b0, const Factor& b1, const Factor& a, const Factor& n_inverse,
                                 const Plan& p) {
  inverse_butterfly(v[0], v[1], b0, p);
  inverse_butterfly(v[2], v[3], b1, p);
#pragma GCC unroll 2
  for (int i = 0; i < 2; ++i) {
    if (kLast) {  // 1/n is folded into a
      last_butterfly(v[i], v[i + 2], a, n_inverse, p);
    } else {
      inverse_butterfly(v[i], v[i + 2], a, p);
    }
  }
}

template <bool kLast>
void inverse_pass4(u64* x, std::size_t length, std::size_t node, const Factor& a, const Factor& n_inverse,
                   const Plan& plan) {
  const Plan p = plan;
  const Factor b0 = root(2 * node, p), b1 = root(2 * node + 1, p);
  const std::size_t stride = length / 4;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Lanes v[4];
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) v[i] = load(x + i * stride + j);
    inverse_levels<kLast>(v, b0, b1, a, n_inverse, p);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < 4; ++i) store(x + i * stride + j, kLast ? finish(v[i], p.c) : v[i]);
  }
}

void inverse_last_pass2(u64* x, std::size_t length, const Factor& a, const Factor& n_inverse, const Plan& p) {
  const std::size_t stride = length / 2;
  for (std::size_t j = 0; j < stride; j += kLanes) {
    Lanes low = load(x + j), high = load(x + stride + j);
    last_butterfly(low, high, a, n_inverse, p);
    store(x + j, finish(low, p.c));
    store(x + stride + j, finish(high, p.c));
  }
}

template <std::size_t kLegs>
TACET_INLINE void last_levels(Lanes* v, const Factor* f, const Factor& n_inverse, const Plan& p) {
  if constexpr (kLegs == 4) {
    inverse_levels<true>(v, f[2], f[3], f[1], n_inverse, p);
  } else {
    last_butterfly(v[0], v[1], f[1], n_inverse, p);
  }
}

TACET_INLINE Lanes unfolded(Lanes own, Lanes mirror, const Factor& unfold, const Plan& p) {
  return finish(add(own, multiply(mirror, unfold, p.c)), p.c);
}

/// The last pass of the conjugate-invariant ring, as folding_pass.
template <std::size_t kLegs>
void unfolding_pass(u64* x, std::size_t length, const Factor& a, const Factor& n_inverse, const Factor& unfold,
                    const Plan& plan) {
  const Plan p = plan;
  Factor f[kLegs];
  f[1] = a;
  for (std::size_t i = 2; i < kLegs; ++i) f[i] = root(i, p);
  const std::size_t stride = length / kLegs;
  Lanes low[kLegs], high[kLegs], v[kLegs], w[kLegs];
  for (std::size_t i = 0; i < kLegs; ++i) {
    low[i] = _mm256_broadcast_sd(reinterpret_cast<const double*>(x + i * stride));
  }
  last_levels<kLegs>(low, f, n_inverse, p);
  v[0] = finish(add(low[0], low[0]), p.c);
  for (std::size_t i = 1; i < kLegs; ++i) v[i] = unfolded(low[i], low[kLegs - i], unfold, p);
  for (std::size_t i = 0; i < kLegs; ++i) {
    _mm_storel_pd(reinterpret_cast<double*>(x + i * stride), _mm256_castpd256_pd128(v[i]));
  }
  for (std::size_t j = 1; j < stride / 2; j += kLanes) {
    load_ends<kLegs, false>(low, high, x, stride, j);
    last_levels<kLegs>(low, f, n_inverse, p);
    last_levels<kLegs>(high, f, n_inverse, p);
#pragma GCC unroll 4
    for (std::size_t i = 0; i < kLegs; ++i) {
      v[i] = unfolded(low[i], reversed(high[kLegs - 1 - i]), unfold, p);
      w[i] = unfolded(high[i], reversed(low[kLegs - 1 - i]), unfold, p);
    }
    store_ends<kLegs>(x, v, w, stride, j);
  }
}

/// The four levels of a block of 16 words; the last one with 1/n if kLast.
template <bool kLast>
void inverse_block(u64* x, std::size_t node, const Factor& top, const Factor& n_inverse, const Plan& plan) {
  const Plan p = plan;
  Lanes v[4];
#pragma GCC unroll 2
  for (std::size_t i = 0; i < 2; ++i) {
    const std::size_t node4 = 4 * node + 2 * i;
    const Lanes first = from_words(load(x + 2 * i * kLanes)), second = from_words(load(x + 2 * i * kLanes + kLanes));
    Lanes a = _mm256_permute2f128_pd(first, second, 0x20);  // 0 1 4 5
    Lanes b = _mm256_permute2f128_pd(first, second, 0x31);  // 2 3 6 7
    Lanes even = _mm256_unpacklo_pd(a, b);                  // 0 2 4 6
    Lanes odd = _mm256_unpackhi_pd(a, b);                   // 1 3 5 7
    inverse_butterfly(even, odd, factor(load(p.roots + 2 * node4), p.c), p);
    a = _mm256_unpacklo_pd(even, odd);  // 0 1 4 5
    b = _mm256_unpackhi_pd(even, odd);  // 2 3 6 7
    inverse_butterfly(a, b, two_roots(p.roots + node4, p.c), p);
    v[2 * i] = _mm256_permute2f128_pd(a, b, 0x20);
    v[2 * i + 1] = _mm256_permute2f128_pd(a, b, 0x31);
  }
  inverse_levels<kLast>(v, root(2 * node, p), root(2 * node + 1, p), top, n_inverse, p);
#pragma GCC unroll 4
  for (std::size_t i = 0; i < 4; ++i) store(x + i * kLanes, kLast ? finish(v[i], p.c) : v[i]);
}

void inverse(u64* x, int log_length, std::size_t node, const Plan& p) {
  const Factor top = root(node, p);
  if (log_length == 4) return inverse_block<false>(x, node, top, top, p);
  const std::size_t quarter = std::size_t{1} << (log_length - 2);
  for (std::size_t i = 0; i < 4; ++i) inverse(x + i * quarter, log_length - 2, 4 * node + i, p);
  inverse_pass4<false>(x, std::size_t{1} << log_length, node, top, top, p);
}

}  // namespace

void ntt_forward(u64* x, const NttTable& table) {
  const bool folds = table.ring == RingType::kConjugateInvariant;
  const Plan p{Constants(table.modulus.value), table.roots};
  const int log_n = table.log_n;
  if (log_n == 4) {
    if (folds) fold(x, table);
    return forward_block<true>(x, 1, p);
  }
  const int first = log_n % 2 == 0 ? 2 : 1;
  if (folds) {
    const Factor factor = splat_factor(table.fold, p.c);
    first == 2 ? folding_pass<4>(x, table.n, factor, p) : folding_pass<2>(x, table.n, factor, p);
  } else if (first == 2) {
    forward_pass4<true>(x, table.n, 1, p);
  } else {
    forward_pass2(x, table.n, p);
  }
  const std::size_t children = std::size_t{1} << first;
  const std::size_t length = table.n / children;
  for (std::size_t i = 0; i < children; ++i) forward(x + i * length, log_n - first, children + i, p);
}

void ntt_forward_quotient(u64* x, const u64* minuend, u64 w, u64 w_shoup, const NttTable& table) {
  ntt_forward(x, table);
  subtract_multiply_constant(x, minuend, x, w, w_shoup, table.n, table.modulus.value);
}

void ntt_inverse(u64* x, const NttTable& table) {
  const bool unfolds = table.ring == RingType::kConjugateInvariant;
  const Plan p{Constants(table.modulus.value), table.inverse_roots};
  const Factor top = splat_factor(table.n_inverse_root, p.c), n_inverse = splat_factor(table.n_inverse, p.c);
  const int log_n = table.log_n;
  if (log_n == 4) {
    inverse_block<true>(x, 1, top, n_inverse, p);
    if (unfolds) unfold(x, table);
    return;
  }
  const int last = log_n % 2 == 0 ? 2 : 1;
  const std::size_t children = std::size_t{1} << last;
  const std::size_t length = table.n / children;
  for (std::size_t i = 0; i < children; ++i) inverse(x + i * length, log_n - last, children + i, p);
  if (unfolds) {
    const Factor factor = splat_factor(table.unfold, p.c);
    last == 2 ? unfolding_pass<4>(x, table.n, top, n_inverse, factor, p)
              : unfolding_pass<2>(x, table.n, top, n_inverse, factor, p);
  } else if (last == 2) {
    inverse_pass4<true>(x, table.n, 1, top, n_inverse, p);
  } else {
    inverse_last_pass2(x, table.n, top, n_inverse, p);
  }
}

}  // namespace tacet::avx2
TACET_TARGET_END
#endif  // TACET_X86
