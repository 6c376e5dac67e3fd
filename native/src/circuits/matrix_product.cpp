// SPDX-License-Identifier: Apache-2.0
#include "circuits/matrix_product.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>

#include "ckks/rounding.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// Coefficients of one task: milliseconds of work, so that a cancelled run ends soon and threads end together.
constexpr std::size_t kStripe = 512;

void check_shape(const Context& context, std::size_t rows, std::size_t columns, int level) {
  if (rows == 0 || columns == 0 || columns > kMatrixMaxColumns) {
    fail(Code::kInvalidArgument, "matrixProduct by a %zu x %zu matrix; at least one row and 1..%zu columns are needed", rows,
         columns, kMatrixMaxColumns);
  }
  if (level < 0 || level > context.max_level()) {
    fail(Code::kInvalidArgument, "matrixProduct at level %d, the chain has levels 0..%d", level, context.max_level());
  }
}

/// `place_of` says which number it is, where it is refused.
template <class Place>
RoundedInteger rounded(const Ring& ring, double value, const Scale& scale, const ScaleValue& scale_value, double bound, const Place& place_of) {
  if (!std::isfinite(value)) {
    const std::string place = place_of();
    fail(Code::kInvalidArgument, "matrixProduct: the %s is %s", place.c_str(), std::isnan(value) ? "NaN" : "infinite");
  }
  const RoundedInteger x = round_scaled(value, scale_value);
  if (!(x.log2() < bound)) {
    const std::string place = place_of();
    fail(Code::kInvalidArgument, "matrixProduct: the %s at scale %s has %.1f bits, the level allows %.1f", place.c_str(),
         scale.text(ring).c_str(), x.log2(), bound);
  }
  return x;
}

/// The smallest integer (0 if none is negative) and what the others exceed it by; too wide if they do not fit 32 bits.
struct Span {
  i64 base = 0;
  u64 largest = 0;
  bool narrow = true;

  explicit Span(const std::vector<std::vector<RoundedInteger>>& blocks) {
    constexpr i64 kLimit = i64{1} << 32;
    i64 top = 0;
    for (const std::vector<RoundedInteger>& integers : blocks) {
      for (const RoundedInteger& x : integers) {
        narrow = narrow && x.exponent == 0 && x.mantissa > -kLimit && x.mantissa < kLimit;
        base = std::min(base, x.mantissa);
        top = std::max(top, x.mantissa);
      }
    }
    if (narrow) largest = static_cast<u64>(top - base);
  }
};

}  // namespace

MatrixProduct MatrixProduct::encode(std::shared_ptr<const Context> context, std::size_t rows, std::size_t columns,
                                    const double* weights, const double* bias, int level, const Scale& input,
                                    const Scale& plain) {
  check_shape(*context, rows, columns, level);
  MatrixProduct out;
  const Ring& ring = context->ring();
  out.rows_ = rows;
  out.columns_ = columns;
  out.level_ = level;
  out.input_ = input;
  out.result_ = input * plain;
  const double bound = ring.log2_q(level) - 1;
  const ScaleValue plain_value = plain.value(ring), result_value = out.result_.value(ring);
  std::vector<RoundedInteger> biases(rows);
  std::vector<std::vector<RoundedInteger>> integers;  // by block, row major
  for (MatrixBlock& place : matrix_blocks(rows, columns, weights)) {
    integers.emplace_back();
    for (const u32 r : place.rows) {
      for (const u32 c : place.columns) {
        integers.back().push_back(rounded(ring, weights[r * columns + c], plain, plain_value, bound, [r, c] {
          return "weight of row " + std::to_string(r) + ", column " + std::to_string(c);
        }));
      }
    }
    out.blocks_.emplace_back();
    out.blocks_.back().place = std::move(place);
  }
  for (std::size_t r = 0; r < rows; ++r) {
    biases[r] = rounded(ring, bias[r], out.result_, result_value, bound, [r] { return "bias of row " + std::to_string(r); });
  }
  const Span span(integers);
  out.limbs_.resize(static_cast<std::size_t>(level) + 1);
  for (std::size_t i = 0; i < out.limbs_.size(); ++i) {
    const Modulus& q = ring.modulus(static_cast<int>(i));
    out.limbs_[i].small = span.narrow && matrix_is_small(span.largest, q.value);
    if (out.limbs_[i].small) out.limbs_[i].offset = residue_of(-span.base, 0, q);
  }
  out.context_ = std::move(context);
  pool().parallel_for(out.blocks_.size(),
                      [&](std::size_t k) { out.encode_block(out.blocks_[k], integers[k], biases, span.base); });
  return out;
}

void MatrixProduct::encode_block(Block& block, const std::vector<RoundedInteger>& integers,
                                 const std::vector<RoundedInteger>& biases, i64 base) {
  const std::size_t rows = block.place.rows.size(), columns = block.place.columns.size();
  const auto fill = [&](Buffer& words, const auto& word) {
    words = Buffer(matrix_words(rows, columns));
    std::fill_n(words.data(), words.size(), 0);
    for (std::size_t k = 0; k < integers.size(); ++k) words.data()[matrix_index(k / columns, k % columns, columns)] = word(integers[k]);
  };
  if (small_limbs() > 0) fill(block.small_words, [&](const RoundedInteger& x) { return static_cast<u64>(x.mantissa - base); });
  for (std::size_t i = 0; i < limbs_.size(); ++i) {
    const Modulus& q = context_->ring().modulus(static_cast<int>(i));
    block.addends.emplace_back();
    for (const u32 r : block.place.rows) block.addends.back().push_back(biases[r].residue(q));
    block.words.emplace_back();
    if (!limbs_[i].small) fill(block.words.back(), [&](const RoundedInteger& x) { return x.residue(q); });
  }
}

void MatrixProduct::check(const std::vector<const Ciphertext*>& x) const {
  const Ring& ring = context_->ring();
  if (x.size() != columns_) {
    fail(Code::kInvalidArgument, "matrixProduct of %zu ciphertexts by a matrix of %zu columns", x.size(), columns_);
  }
  for (std::size_t c = 0; c < x.size(); ++c) {
    const Ciphertext& each = *x[c];
    if (each.level != level_ || each.encoding != Encoding::kSlots || each.scale != input_) {
      fail(Code::kInvalidArgument,
           "matrixProduct takes slots at level %d and scale %s, ciphertext %zu has encoding %d, level %d and scale %s", level_,
           input_.text(ring).c_str(), c, static_cast<int>(each.encoding), each.level, each.scale.text(ring).c_str());
    }
    if (each.size() != x[0]->size() || each.size() < 2 || each.size() > 3) {
      fail(Code::kInvalidArgument, "matrixProduct takes 2 or 3 components, all alike; ciphertext %zu has %d, the first has %d", c,
           each.size(), x[0]->size());
    }
    for (const Poly<Eval>& component : each.components) {
      if (component.n() != ring.n() || component.q_limbs() != level_ + 1 || component.p_limbs() != 0) {
        fail(Code::kInvalidArgument, "matrixProduct of degree %zu with %d limbs at level %d, the parameters have degree %zu",
             component.n(), component.limbs(), level_, ring.n());
      }
    }
  }
}

void MatrixProduct::multiply(const std::vector<const Ciphertext*>& x, std::vector<Ciphertext>& out, std::size_t component,
                             int limb, std::size_t start, std::size_t width) const {
  std::size_t words = 0;
  for (const Block& block : blocks_) words = std::max(words, matrix_scratch_words(block.place.columns.size(), width));
  Buffer scratch(words);
  for (const Block& block : blocks_) multiply_block(block, x, out, component, limb, start, width, scratch.data());
}

void MatrixProduct::multiply_block(const Block& block, const std::vector<const Ciphertext*>& x, std::vector<Ciphertext>& out,
                                   std::size_t component, int limb, std::size_t start, std::size_t width, u64* scratch) const {
  const Limb& encoded = limbs_[static_cast<std::size_t>(limb)];
  const Buffer& words = encoded.small ? block.small_words : block.words[static_cast<std::size_t>(limb)];
  std::vector<const u64*> in;
  std::vector<u64*> to;
  for (const u32 c : block.place.columns) in.push_back(x[c]->components[component].limb(limb) + start);
  for (const u32 r : block.place.rows) to.push_back(out[r].components[component].limb(limb) + start);
  MatrixWeights w;
  w.words = words.data();
  w.rows = to.size();
  w.columns = in.size();
  w.offset = encoded.offset;
  w.addend = component == 0 ? block.addends[static_cast<std::size_t>(limb)].data() : nullptr;
  const auto product = encoded.small ? kernels().matrix_product_small : kernels().matrix_product;
  product(to.data(), in.data(), w, width, context_->ring().modulus(limb), scratch);
}

std::vector<Ciphertext> MatrixProduct::apply(const std::vector<const Ciphertext*>& x) const {
  check(x);
  const std::size_t n = context_->n(), components = x[0]->components.size(), limbs = limbs_.size();
  std::vector<Ciphertext> out(rows_);
  for (Ciphertext& each : out) {
    each.level = level_;
    each.scale = result_;
    for (std::size_t k = 0; k < components; ++k) each.components.emplace_back(n, level_ + 1);
  }
  const std::size_t width = std::min(n, kStripe), stripes = n / width;
  pool().parallel_for(components * limbs * stripes, [&](std::size_t task) {
    const std::size_t stripe = task % stripes, limb = task / stripes % limbs, component = task / stripes / limbs;
    multiply(x, out, component, static_cast<int>(limb), stripe * width, width);
  });
  return out;
}

int MatrixProduct::small_limbs() const {
  return static_cast<int>(std::count_if(limbs_.begin(), limbs_.end(), [](const Limb& limb) { return limb.small; }));
}

std::size_t MatrixProduct::products() const {
  std::size_t products = 0;
  for (const Block& block : blocks_) products += block.place.rows.size() * block.place.columns.size();
  return products;
}

std::size_t MatrixProduct::bytes() const {
  std::size_t words = 0;
  for (const Block& block : blocks_) {
    words += block.small_words.size();
    for (const Buffer& each : block.words) words += each.size();
    for (const std::vector<u64>& each : block.addends) words += each.size();
  }
  return words * sizeof(u64);
}

double MatrixProduct::largest_bytes(std::size_t rows, std::size_t columns, int level) {
  return static_cast<double>(matrix_words(rows, columns) + rows) * (level + 2) * sizeof(u64);
}

}  // namespace tacet
