// SPDX-License-Identifier: Apache-2.0
// Matrix products in 52-bit lanes: the tile is copied into the order of use, and all accumulators of a block of rows and
// vectors stay in registers until their sums are reduced.
#include "kernels/avx512ifma.h"
#include "kernels/avx512ifma_sum_reduction.h"
#include "kernels/target.h"

#if TACET_X86
TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::avx512ifma {
namespace {

constexpr int kRows = static_cast<int>(kMatrixPanelRows);
/// Vectors of coefficients that are multiplied together: with 4 rows of both halves, or 8 rows of low halves, 16 accumulators.
constexpr int kVectors = 2;
constexpr std::size_t kBlock = kVectors * kLanes;

/// Copies `width` coefficients from `at` on so that a block's follow one another, column after column.
void pack(u64* tile, const u64* const* x, std::size_t columns, std::size_t at, std::size_t width) {
  for (std::size_t c = 0; c < columns; ++c) {
    const u64* from = x[c] + at;
    for (std::size_t i = 0; i < width; i += kBlock) {
      u64* to = tile + (i * columns + c * kBlock);
      store(to, load(from + i));
      store(to + kLanes, load(from + i + kLanes));
    }
  }
}

/// What to add to every sum of a block of small products for the offset of the words: -offset times the sum of the columns.
/// The sum is below 2^62, so a word; the reduction's low half takes any.
void correct(u64* correction, const u64* tile, std::size_t columns, u64 offset, const SumReduction& reduce, u64 q) {
  Lanes sum[kVectors] = {zero(), zero()};
  for (std::size_t c = 0; c < columns; ++c) {
    for (int v = 0; v < kVectors; ++v) sum[v] = tacet::avx512ifma::add(sum[v], load(tile + c * kBlock + v * kLanes));
  }
  const u64 negated = negate_mod(offset, q);
  const Factor by = splat_factor(negated, shoup(negated, q));
  for (int v = 0; v < kVectors; ++v) {
    store(correction + v * kLanes, finish(multiply(reduce(zero(), sum[v]), by, zero(), reduce.c), reduce.c));
  }
}

/// Reduces the sums and adds the row's constant.
TACET_INLINE void put(u64* out, Lanes high, Lanes low, const u64* addend, std::size_t row, const SumReduction& reduce) {
  Lanes x = reduce(high, low);
  if (addend != nullptr) x = subtract_if_at_least(tacet::avx512ifma::add(x, splat(addend[row])), reduce.c.q);
  store(out, x);
}

/// Rows first.. of the result for one block at coefficient i.
TACET_INLINE void general(u64* const* out, const u64* tile, const MatrixWeights& w, std::size_t first, std::size_t i,
                          const SumReduction& reduce) {
  Lanes low[kRows][kVectors], high[kRows][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) low[r][v] = high[r][v] = zero();
  }
  const u64* weight = w.words + first * w.columns;
  for (std::size_t c = 0; c < w.columns; ++c, tile += kBlock, weight += kRows) {
    const Lanes x[kVectors] = {load(tile), load(tile + kLanes)};
#pragma GCC unroll 8
    for (int r = 0; r < kRows; ++r) {
      const Lanes factor = splat(weight[r]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) {
        low[r][v] = add_low(low[r][v], x[v], factor);
        high[r][v] = add_high(high[r][v], x[v], factor);
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kRows; ++r) {
    const std::size_t row = first + static_cast<std::size_t>(r);
    if (row >= w.rows) return;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) put(out[row] + i + v * kLanes, high[r][v], low[r][v], w.addend, row, reduce);
  }
}

/// The same for kPanels panels of small words.
template <int kPanels>
TACET_INLINE void small(u64* const* out, const u64* tile, const MatrixWeights& w, std::size_t first, std::size_t i,
                        const u64* correction, const SumReduction& reduce) {
  constexpr int kAll = kPanels * kRows;
  Lanes sum[kAll][kVectors];
#pragma GCC unroll 8
  for (int r = 0; r < kAll; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) sum[r][v] = load(correction + v * kLanes);
  }
  const u64* weight = w.words + first * w.columns;
  const std::size_t panel = w.columns * kMatrixPanelRows;
  for (std::size_t c = 0; c < w.columns; ++c, tile += kBlock, weight += kRows) {
    const Lanes x[kVectors] = {load(tile), load(tile + kLanes)};
#pragma GCC unroll 8
    for (int r = 0; r < kAll; ++r) {
      const Lanes factor = splat(weight[(r / kRows) * panel + r % kRows]);
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sum[r][v] = add_low(sum[r][v], x[v], factor);
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < kAll; ++r) {
    const std::size_t row = first + static_cast<std::size_t>(r);
    if (row >= w.rows) return;
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) put(out[row] + i + v * kLanes, zero(), sum[r][v], w.addend, row, reduce);
  }
}

}  // namespace

void matrix_product(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                    u64* scratch) {
  const SumReduction reduce(q);
  const std::size_t width = matrix_tile(w.columns, n);
  for (std::size_t at = 0; at < n; at += width) {
    pack(scratch, x, w.columns, at, width);
    for (std::size_t first = 0; first < w.rows; first += kMatrixPanelRows) {
      for (std::size_t i = 0; i < width; i += kBlock) general(out, scratch + i * w.columns, w, first, at + i, reduce);
    }
  }
}

void matrix_product_small(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                          u64* scratch) {
  const SumReduction reduce(q);
  const std::size_t width = matrix_tile(w.columns, n);
  u64* correction = scratch + w.columns * width;
  for (std::size_t at = 0; at < n; at += width) {
    pack(scratch, x, w.columns, at, width);
    for (std::size_t i = 0; i < width; i += kBlock) {
      correct(correction + i, scratch + i * w.columns, w.columns, w.offset, reduce, q.value);
    }
    std::size_t first = 0;
    for (; first + kMatrixPanelRows < w.rows; first += 2 * kMatrixPanelRows) {
      for (std::size_t i = 0; i < width; i += kBlock) {
        small<2>(out, scratch + i * w.columns, w, first, at + i, correction + i, reduce);
      }
    }
    if (first >= w.rows) continue;
    for (std::size_t i = 0; i < width; i += kBlock) {
      small<1>(out, scratch + i * w.columns, w, first, at + i, correction + i, reduce);
    }
  }
}

}  // namespace tacet::avx512ifma
TACET_TARGET_END
#endif  // TACET_X86
