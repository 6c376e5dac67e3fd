// SPDX-License-Identifier: Apache-2.0
// Matrix products with one 128-bit (or, for small words, 64-bit) accumulator a row in registers.
#include "kernels/scalar.h"

namespace tacet::scalar {
namespace {

/// Copies `width` coefficients from `at` on so that the columns of one coefficient follow one another.
void pack(u64* tile, const u64* const* x, std::size_t columns, std::size_t at, std::size_t width) {
  for (std::size_t c = 0; c < columns; ++c) {
    for (std::size_t i = 0; i < width; ++i) tile[i * columns + c] = x[c][at + i];
  }
}

/// The product of a packed tile, whose first coefficient is `at`; the sums of coefficient i start at start[i]. Sum holds all of
/// a row's products at once.
template <class Sum>
void multiply(u64* const* out, const u64* tile, const MatrixWeights& w, std::size_t at, std::size_t width, const u64* start,
              const Modulus& q) {
  for (std::size_t first = 0; first < w.rows; first += kMatrixPanelRows) {
    const u64* panel = w.words + first * w.columns;
    const std::size_t rows = std::min(kMatrixPanelRows, w.rows - first);
    for (std::size_t i = 0; i < width; ++i) {
      const u64* column = tile + i * w.columns;
      Sum sums[kMatrixPanelRows] = {start[i], start[i], start[i], start[i]};
      for (std::size_t c = 0; c < w.columns; ++c) {
        const u64* weight = panel + c * kMatrixPanelRows;
        for (std::size_t r = 0; r < kMatrixPanelRows; ++r) sums[r] += static_cast<Sum>(column[c]) * weight[r];
      }
      for (std::size_t r = 0; r < rows; ++r) {
        const u64 product = q.reduce(sums[r]);
        out[first + r][at + i] = w.addend == nullptr ? product : add_mod(product, w.addend[first + r], q.value);
      }
    }
  }
}

}  // namespace

void matrix_product(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& modulus,
                    u64* scratch) {
  const Modulus q = modulus;
  const std::size_t width = matrix_tile(w.columns, n);
  u64* start = scratch + w.columns * width;
  std::fill_n(start, width, 0);
  for (std::size_t at = 0; at < n; at += width) {
    pack(scratch, x, w.columns, at, width);
    multiply<u128>(out, scratch, w, at, width, start, q);
  }
}

void matrix_product_small(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& modulus,
                          u64* scratch) {
  const Modulus q = modulus;
  const std::size_t width = matrix_tile(w.columns, n);
  const u64 negated = negate_mod(w.offset, q.value);
  u64* start = scratch + w.columns * width;
  for (std::size_t at = 0; at < n; at += width) {
    pack(scratch, x, w.columns, at, width);
    for (std::size_t i = 0; i < width; ++i) {
      u64 sum = 0;  // below 2^62
      for (std::size_t c = 0; c < w.columns; ++c) sum += scratch[i * w.columns + c];
      start[i] = mul_mod(sum, negated, q);
    }
    multiply<u64>(out, scratch, w, at, width, start, q);
  }
}

}  // namespace tacet::scalar
