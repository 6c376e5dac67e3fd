// SPDX-License-Identifier: Apache-2.0
#include "circuits/linear_transform.h"

#include <algorithm>

#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

bool is_power_of_two(std::size_t x) { return x != 0 && (x & (x - 1)) == 0; }

void check_shape(const Context& context, std::size_t rows, std::size_t cols, std::size_t in_period,
                 std::size_t out_period, std::size_t baby_steps) {
  const std::size_t slots = context.slots();
  if (!is_power_of_two(in_period) || !is_power_of_two(out_period) || in_period > slots || out_period > slots) {
    fail(Code::kInvalidArgument, "linear transform periods %zu and %zu must be powers of two, at most %zu", in_period,
         out_period, slots);
  }
  if (rows == 0 || cols == 0 || rows > out_period || cols > in_period) {
    fail(Code::kInvalidArgument, "a %zu x %zu matrix does not fit periods %zu (out) x %zu (in)", rows, cols, out_period,
         in_period);
  }
  if (baby_steps == 0) fail(Code::kInvalidArgument, "linear transform with 0 baby steps; at least 1 is needed");
}

/// P * x with the special limbs zero: x as an element of QP that modDown takes back to x.
Poly<Eval> raise(const Ring& ring, const Poly<Eval>& x) {
  Poly<Eval> out(ring.n(), x.q_limbs(), ring.special_count());
  pool().parallel_for(static_cast<std::size_t>(out.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    if (limb < x.q_limbs()) {
      const u64 q = ring.modulus(limb).value;
      const u64 p = ring.special_mod(limb);
      kernels().multiply_constant(out.limb(limb), x.limb(limb), p, shoup(p, q), ring.n(), q);
    } else {
      std::fill_n(out.limb(limb), ring.n(), 0);
    }
  });
  return out;
}

/// sigma_g of the pair: (c0 + the key switched c1, ...), everything still times P.
RaisedPair rotate_raised(const Ring& ring, const Poly<Eval>& raised_c0, const std::vector<Poly<Eval>>& digits,
                         const EvaluationKey& key) {
  RaisedPair pair = gadget_product(ring, digits, key);
  add_into(ring, pair.c0, raised_c0);
  return {permute(ring, pair.c0, key.permutation), permute(ring, pair.c1, key.permutation)};
}

}  // namespace

std::vector<i64> LinearTransform::rotations(std::size_t in_period, std::size_t out_period, std::size_t baby_steps) {
  const std::size_t diagonals = std::min(in_period, out_period);
  std::vector<i64> out;
  for (std::size_t b = 1; b < std::min(baby_steps, diagonals); ++b) out.push_back(static_cast<i64>(b));
  for (std::size_t g = baby_steps; g < diagonals; g += baby_steps) out.push_back(static_cast<i64>(g));
  return out;
}

LinearTransform LinearTransform::encode(std::shared_ptr<const Context> context, std::size_t rows, std::size_t cols,
                                        std::size_t in_period, std::size_t out_period, const double* values,
                                        std::size_t baby_steps, int level, Scale plain) {
  check_shape(*context, rows, cols, in_period, out_period, baby_steps);
  LinearTransform out;
  out.diagonal_count_ = std::min(in_period, out_period);
  out.baby_steps_ = std::min(baby_steps, out.diagonal_count_);
  out.level_ = level;
  out.plain_ = plain;
  out.diagonals_.resize(out.diagonal_count_);
  const std::size_t slots = context->slots();
  const Encoder encoder(context);
  pool().parallel_for(out.diagonal_count_, [&](std::size_t d) {
    const std::size_t giant = d / out.baby_steps_ * out.baby_steps_;
    std::vector<double> diagonal(slots);
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const std::size_t j = (slot + slots - giant) % slots;
      const std::size_t row = j & (out_period - 1);
      const std::size_t col = (j + d) & (in_period - 1);
      diagonal[slot] = row < rows && col < cols ? values[row * cols + col] : 0.0;
    }
    out.diagonals_[d] = encoder.encode_raised(diagonal.data(), nullptr, slots, level, plain);
  });
  return out;
}

Ciphertext LinearTransform::apply(const Evaluator& evaluator, const Ciphertext& x) const {
  const Ring& ring = evaluator.context().ring();
  const std::size_t n = ring.n();
  if (x.size() != 2 || x.level != level_ || x.encoding != Encoding::kSlots) {
    fail(Code::kInvalidArgument,
         "the linear transform takes 2 components in SLOTS at level %d, the ciphertext has %d at level %d", level_,
         x.size(), x.level);
  }
  for (const Poly<Eval>& component : x.components) {
    if (component.n() != n || component.q_limbs() != level_ + 1 || diagonals_.front().n() != n) {
      fail(Code::kInvalidArgument,
           "the linear transform has degree %zu, the ciphertext degree %zu with %d limbs, the parameters degree %zu",
           diagonals_.front().n(), component.n(), component.q_limbs(), n);
    }
  }
  const int q_limbs = level_ + 1;
  const int limbs = q_limbs + ring.special_count();
  const auto key_of = [&](std::size_t step) -> const EvaluationKey& {
    return evaluator.keys().find(galois_element(n, static_cast<i64>(step)), level_);
  };
  for (i64 step : rotations(diagonal_count_, diagonal_count_, baby_steps_)) key_of(static_cast<std::size_t>(step));

  // Baby steps: one decomposition, results kept times P in QP.
  std::vector<RaisedPair> babies(baby_steps_);
  babies[0] = {raise(ring, x.components[0]), raise(ring, x.components[1])};
  if (baby_steps_ > 1) {
    const std::vector<Poly<Eval>> digits = decompose(ring, x.components[1]);
    pool().parallel_for(baby_steps_ - 1, [&](std::size_t i) {
      babies[i + 1] = rotate_raised(ring, babies[0].c0, digits, key_of(i + 1));
    });
  }

  // Giant steps: inner products with the diagonals over QP, one key switch each, one modDown at the end.
  const std::size_t giants = (diagonal_count_ + baby_steps_ - 1) / baby_steps_;
  RaisedPair total;
  for (std::size_t g = 0; g < giants; ++g) {
    const std::size_t first = g * baby_steps_;
    const std::size_t count = std::min(baby_steps_, diagonal_count_ - first);
    RaisedPair sum{Poly<Eval>(n, q_limbs, ring.special_count()), Poly<Eval>(n, q_limbs, ring.special_count())};
    pool().parallel_for(static_cast<std::size_t>(2 * limbs), [&](std::size_t task) {
      const int limb = static_cast<int>(task / 2);
      std::vector<const u64*> left, right;
      for (std::size_t b = 0; b < count; ++b) {
        left.push_back((task % 2 == 0 ? babies[b].c0 : babies[b].c1).limb(limb));
        right.push_back(diagonals_[first + b].limb(limb));
      }
      kernels().inner_product((task % 2 == 0 ? sum.c0 : sum.c1).limb(limb), left.data(), right.data(), count, n,
                              ring.modulus(ring.index_of(limb, q_limbs)));
    });
    if (g == 0) {
      total = std::move(sum);
      continue;
    }
    const std::vector<Poly<Eval>> digits = decompose(ring, mod_down(ring, std::move(sum.c1)));
    const RaisedPair rotated = rotate_raised(ring, sum.c0, digits, key_of(first));
    add_into(ring, total.c0, rotated.c0);
    add_into(ring, total.c1, rotated.c1);
  }

  auto result = mod_down(ring, std::move(total));
  Ciphertext out;
  out.level = level_;
  out.scale = x.scale * plain_;
  out.components.push_back(std::move(result.first));
  out.components.push_back(std::move(result.second));
  return out;
}

std::size_t LinearTransform::bytes() const {
  std::size_t sum = 0;
  for (const Poly<Eval>& diagonal : diagonals_) sum += diagonal.bytes();
  return sum;
}

}  // namespace tacet
