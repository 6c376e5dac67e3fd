// SPDX-License-Identifier: Apache-2.0
#include "circuits/linear_transform.h"

#include <algorithm>
#include <atomic>
#include <set>

#include "ring/transform.h"
#include "util/error.h"
#include "util/inline_vector.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// Terms that one inner product takes.
constexpr std::size_t kMostBabySteps = 4095;

bool is_power_of_two(std::size_t x) { return x != 0 && (x & (x - 1)) == 0; }

void check_baby_steps(std::size_t count) {
  if (count > kMostBabySteps) {
    fail(Code::kInvalidArgument, "linear transform with %zu baby steps; at most %zu are possible", count, kMostBabySteps);
  }
}

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
  check_baby_steps(std::min(baby_steps, std::min(in_period, out_period)));
  if (baby_steps == 0) fail(Code::kInvalidArgument, "linear transform with 0 baby steps; at least 1 is needed");
}

/// Giant steps whose sums are taken side by side: each reads the baby steps' block from cache.
constexpr std::size_t kGiantsAtOnce = 8;

/// The words of a block: the baby steps' blocks, two halves each, take a quarter of a megabyte of cache.
std::size_t block_words(std::size_t n, std::size_t baby_steps) {
  constexpr std::size_t kCacheWords = std::size_t{1} << 15;
  std::size_t words = n;
  while (words > 256 && words * 2 * baby_steps > kCacheWords) words /= 2;
  return words;
}

/// total += sigma_g(sum) in QP: one modDown and one key switch of the second half.
void add_rotated(const Ring& ring, RaisedPair& total, RaisedPair sum, const EvaluationKey& key) {
  const std::size_t n = ring.n();
  std::vector<Poly<Eval>> c1;
  c1.push_back(std::move(sum.c1));
  c1 = mod_down(ring, std::move(c1));
  const Decomposition digits(ring, c1.front());
  const GadgetProduct product(ring, digits, key, Addend());
  pool().parallel_for(static_cast<std::size_t>(total.c0.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const u64 q = ring.modulus(ring.index_of(limb, digits.q_limbs())).value;
    Buffer halves(3 * n);
    u64* half0 = halves.data();
    u64* half1 = half0 + n;
    u64* rotated = half1 + n;
    product.limb(limb, half0, half1);
    kernels().add(half0, half0, sum.c0.limb(limb), n, q);
    kernels().permute(rotated, half0, key.permutation.data(), n);
    kernels().add(total.c0.limb(limb), total.c0.limb(limb), rotated, n, q);
    kernels().permute(rotated, half1, key.permutation.data(), n);
    kernels().add(total.c1.limb(limb), total.c1.limb(limb), rotated, n, q);
  });
}

}  // namespace

/// Distances of neighbouring giant steps, the first from 0.
std::vector<i64> distances(const std::set<i64>& giants) {
  std::vector<i64> out;
  i64 before = 0;
  for (const i64 giant : giants) {
    out.push_back(giant - before);
    before = giant;
  }
  return out;
}

/// The rotations by baby steps, kept times P in QP: the blocks that one inner product reads stand side by side.
class LinearTransform::BabySteps {
 public:
  /// `unrotated` is the place of the step 0, `count` or more if there is none.
  BabySteps(std::size_t n, int q_limbs, int limbs, std::size_t count, std::size_t unrotated, std::size_t block_words)
      : q_limbs_(q_limbs), limbs_(limbs), count_(count), unrotated_(unrotated), words_(block_words), blocks_(n / block_words),
        data_(static_cast<std::size_t>(limbs) * blocks_ * count * 2 * stride()) {}

  /// A block of half 0 or 1 of a baby step; null where it is zero: the step 0 is P times the input.
  const u64* block(int limb, std::size_t block, std::size_t baby, std::size_t half) const {
    return baby == unrotated_ && limb >= q_limbs_ ? nullptr : data_.data() + at(limb, block, baby, half);
  }

  /// The step 0: P * x.
  void raise(const Ring& ring, const std::vector<Poly<Eval>>& x) {
    pool().parallel_for(static_cast<std::size_t>(q_limbs_), [&](std::size_t i) {
      const int limb = static_cast<int>(i);
      const u64 q = ring.modulus(limb).value;
      const u64 p = ring.special_mod(limb);
      for (std::size_t half = 0; half < 2; ++half) {
        for (std::size_t block = 0; block < blocks_; ++block) {
          const u64* from = x[half].limb(limb) + block * words_;
          kernels().multiply_constant(data_.data() + at(limb, block, unrotated_, half), from, p, shoup(p, q), words_, q);
        }
      }
    });
  }

  /// Another baby step: sigma_g of P c0 + digits * s'.
  void rotate(const Ring& ring, std::size_t baby, const Poly<Eval>& c0, const Decomposition& digits, const EvaluationKey& key) {
    const std::size_t n = ring.n();
    Addend addend;
    addend.c0 = &c0;
    const GadgetProduct product(ring, digits, key, addend);
    pool().parallel_for(static_cast<std::size_t>(limbs_), [&](std::size_t i) {
      const int limb = static_cast<int>(i);
      Buffer halves(2 * n);
      product.limb(limb, halves.data(), halves.data() + n);
      for (std::size_t half = 0; half < 2; ++half) {
        for (std::size_t block = 0; block < blocks_; ++block) {
          const u32* permutation = key.permutation.data() + block * words_;
          kernels().permute(data_.data() + at(limb, block, baby, half), halves.data() + half * n, permutation, words_);
        }
      }
    });
  }

 private:
  /// Blocks at powers of two apart would fall into one set of the cache: a piece of an inner product reads 32 words of each.
  std::size_t stride() const { return words_ + 32; }
  std::size_t at(int limb, std::size_t block, std::size_t baby, std::size_t half) const {
    return (((static_cast<std::size_t>(limb) * blocks_ + block) * count_ + baby) * 2 + half) * stride();
  }

  int q_limbs_;
  int limbs_;
  std::size_t count_;
  std::size_t unrotated_;
  std::size_t words_;   ///< of a block
  std::size_t blocks_;  ///< of a limb
  Buffer data_;
};

std::vector<i64> LinearTransform::rotations(std::size_t in_period, std::size_t out_period, std::size_t baby_steps) {
  const std::size_t diagonals = std::min(in_period, out_period);
  std::vector<i64> out;
  for (std::size_t b = 1; b < std::min(baby_steps, diagonals); ++b) out.push_back(static_cast<i64>(b));
  for (std::size_t g = baby_steps; g < diagonals; g += baby_steps) out.push_back(static_cast<i64>(g));
  return out;
}

std::vector<i64> LinearTransform::rotations(const std::vector<SparseDiagonal>& diagonals) {
  std::set<i64> babies, giants;
  for (const SparseDiagonal& diagonal : diagonals) {
    babies.insert(diagonal.baby);
    giants.insert(diagonal.giant);
  }
  std::vector<i64> out(babies.begin(), babies.end());
  for (const i64 step : distances(giants)) out.push_back(step);
  out.erase(std::remove(out.begin(), out.end(), 0), out.end());
  return out;
}

void LinearTransform::check_diagonals(std::size_t slots, std::size_t period, const std::vector<SparseDiagonal>& diagonals) {
  if (!is_power_of_two(period) || period > slots) {
    fail(Code::kInvalidArgument, "diagonals of period %zu, which must be a power of two, at most %zu", period, slots);
  }
  if (diagonals.empty()) fail(Code::kInvalidArgument, "linear transform without a diagonal");
  std::set<i64> babies;
  for (std::size_t d = 0; d < diagonals.size(); ++d) {
    const SparseDiagonal& diagonal = diagonals[d];
    if (diagonal.slots.empty() || diagonal.slots.size() != diagonal.values.size()) {
      fail(Code::kInvalidArgument, "diagonal %zu has %zu slots and %zu values", d, diagonal.slots.size(), diagonal.values.size());
    }
    for (std::size_t i = 0; i < diagonal.slots.size(); ++i) {
      if (diagonal.slots[i] >= period || (i > 0 && diagonal.slots[i] <= diagonal.slots[i - 1])) {
        fail(Code::kInvalidArgument, "diagonal %zu: slot %u at place %zu; slots must ascend and be below the period %zu", d,
             diagonal.slots[i], i, period);
      }
    }
    if (d > 0 && std::pair(diagonal.giant, diagonal.baby) <= std::pair(diagonals[d - 1].giant, diagonals[d - 1].baby)) {
      fail(Code::kInvalidArgument, "diagonal %zu: giant step %lld and baby step %lld do not come after those before", d,
           static_cast<long long>(diagonal.giant), static_cast<long long>(diagonal.baby));
    }
    babies.insert(diagonal.baby);
  }
  check_baby_steps(babies.size());
  const i64 limit = static_cast<i64>(slots);
  for (const i64 step : rotations(diagonals)) {
    if (step <= -limit || step >= limit) {
      fail(Code::kInvalidArgument, "linear transform with a step of %lld, steps must be less than the %zu slots in size",
           static_cast<long long>(step), slots);
    }
  }
}

LinearTransform LinearTransform::encode(std::shared_ptr<const Context> context, std::size_t rows, std::size_t cols,
                                        std::size_t in_period, std::size_t out_period, const double* values,
                                        std::size_t baby_steps, int level, Scale plain, DiagonalForm form,
                                        const DiagonalWords& kept) {
  check_shape(*context, rows, cols, in_period, out_period, baby_steps);
  std::vector<std::pair<i64, i64>> steps;
  for (std::size_t d = 0; d < std::min(in_period, out_period); ++d) {
    steps.emplace_back(static_cast<i64>(d / baby_steps * baby_steps), static_cast<i64>(d % baby_steps));
  }
  const std::size_t slots = context->slots();
  const auto fill = [&](std::size_t d, double* diagonal) {
    const std::size_t giant = d / baby_steps * baby_steps;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const std::size_t j = (slot + slots - giant) % slots;
      const std::size_t row = j & (out_period - 1);
      const std::size_t col = (j + d) & (in_period - 1);
      if (row < rows && col < cols) diagonal[slot] = values[row * cols + col];
    }
  };
  return encode(std::move(context), steps, false, fill, level, plain, form, kept);
}

LinearTransform LinearTransform::encode(std::shared_ptr<const Context> context, std::size_t period,
                                        const std::vector<SparseDiagonal>& diagonals, int level, Scale plain, DiagonalForm form,
                                        const DiagonalWords& kept) {
  const std::size_t slots = context->slots();
  check_diagonals(slots, period, diagonals);
  std::vector<std::pair<i64, i64>> steps;
  for (const SparseDiagonal& diagonal : diagonals) steps.emplace_back(diagonal.giant, diagonal.baby);
  const auto fill = [&](std::size_t d, double* out) {
    const SparseDiagonal& diagonal = diagonals[d];
    const std::size_t shift = static_cast<std::size_t>(diagonal.giant) & (slots - 1);
    for (std::size_t i = 0; i < diagonal.slots.size(); ++i) {
      for (std::size_t j = diagonal.slots[i]; j < slots; j += period) out[(j + shift) & (slots - 1)] = diagonal.values[i];
    }
  };
  return encode(std::move(context), steps, true, fill, level, plain, form, kept);
}

/// `steps` are the diagonals' giant and baby steps, ascending.
LinearTransform LinearTransform::encode(std::shared_ptr<const Context> context, const std::vector<std::pair<i64, i64>>& steps,
                                        bool horner, const Fill& fill, int level, Scale plain, DiagonalForm form,
                                        const DiagonalWords& kept) {
  LinearTransform out;
  std::set<i64> babies;
  for (const auto& step : steps) babies.insert(step.second);
  out.babies_.assign(babies.begin(), babies.end());
  for (std::size_t d = 0; d < steps.size(); ++d) {
    if (d == 0 || steps[d].first != out.giants_.back().step) out.giants_.push_back({steps[d].first, d, {}});
    const auto place = std::lower_bound(out.babies_.begin(), out.babies_.end(), steps[d].second);
    out.giants_.back().babies.push_back(static_cast<u32>(place - out.babies_.begin()));
  }
  out.horner_ = horner;
  out.level_ = level;
  out.plain_ = plain;
  out.n_ = context->n();
  out.context_ = context;
  const std::size_t block = block_words(out.n_, out.babies_.size());
  if (kept.data != nullptr) {
    out.diagonals_ = Diagonals(context->ring(), steps.size(), level + 1, block, kept);
    return out;
  }
  out.diagonals_ = Diagonals(context->ring(), steps.size(), level + 1, block, form);
  const std::size_t slots = context->slots();
  const Encoder encoder(context);
  std::atomic<bool> fits{true};
  pool().parallel_for(steps.size(), [&](std::size_t d) {
    if (!fits) return;
    std::vector<double> diagonal(slots, 0.0);
    fill(d, diagonal.data());
    if (!out.diagonals_.set(d, encoder.encode_raised(diagonal.data(), nullptr, slots, level, plain))) fits = false;
  });
  if (fits) return out;
  return encode(context, steps, horner, fill, level, plain, DiagonalForm::kResidues);
}

/// The rotations by the baby steps from one decomposition.
LinearTransform::BabySteps LinearTransform::baby_steps(const Evaluator& evaluator, const Ciphertext& x) const {
  const Ring& ring = evaluator.context().ring();
  const auto zero = static_cast<std::size_t>(std::find(babies_.begin(), babies_.end(), 0) - babies_.begin());
  BabySteps babies(n_, level_ + 1, level_ + 1 + ring.special_count(), babies_.size(), zero, diagonals_.block_words());
  std::vector<std::size_t> rotated;
  for (std::size_t i = 0; i < babies_.size(); ++i) {
    if (i != zero) rotated.push_back(i);
  }
  if (zero < babies_.size()) babies.raise(ring, x.components);
  if (rotated.empty()) return babies;
  Decomposition digits(ring, x.components[1]);
  if (rotated.size() > 1) digits.lift();
  pool().parallel_for(rotated.size(), [&](std::size_t i) {
    const u32 galois = galois_element(ring, babies_[rotated[i]]);
    babies.rotate(ring, rotated[i], x.components[0], digits, evaluator.keys().find(galois, level_));
  });
  return babies;
}

/// Block number `block` of a giant step's sum modulo the modulus of `limb`: its diagonals' blocks, whose first words are given,
/// times the baby steps'.
void LinearTransform::sum_block(const Ring& ring, const BabySteps& babies, const Giant& giant, const u64* const* diagonals,
                                int limb, std::size_t block, RaisedPair& sum) const {
  InlineVector<const u64*, 64> c0, c1;
  for (const u32 baby : giant.babies) {
    c0.push_back(babies.block(limb, block, baby, 0));
    c1.push_back(babies.block(limb, block, baby, 1));
  }
  PairTerms terms;
  terms.count = giant.babies.size();
  terms.a = diagonals;
  terms.b0 = c0.data();
  terms.b1 = c1.data();
  const std::size_t offset = block * diagonals_.block_words();
  kernels().inner_product_pair(sum.c0.limb(limb) + offset, sum.c1.limb(limb) + offset, terms, diagonals_.block_words(),
                               ring.modulus(ring.index_of(limb, level_ + 1)));
}

/// The inner products of the diagonals of giant steps first..first+count-1 with the baby steps, in QP.
std::vector<RaisedPair> LinearTransform::giant_sums(const Ring& ring, const BabySteps& babies, std::size_t first,
                                                    std::size_t count) const {
  const int q_limbs = level_ + 1;
  const std::size_t words = diagonals_.block_words();
  const std::size_t blocks = n_ / words;
  std::vector<RaisedPair> sums(count);
  for (RaisedPair& sum : sums) {
    sum = {Poly<Eval>(n_, q_limbs, ring.special_count()), Poly<Eval>(n_, q_limbs, ring.special_count())};
  }
  const std::size_t limbs = static_cast<std::size_t>(q_limbs + ring.special_count());
  if (diagonals_.form() == DiagonalForm::kResidues) {  // a block of the baby steps serves all giant steps from cache
    pool().parallel_for(limbs * blocks, [&](std::size_t task) {
      const int limb = static_cast<int>(task / blocks);
      const std::size_t block = task % blocks;
      for (std::size_t g = 0; g < count; ++g) {
        const Giant& giant = giants_[first + g];
        InlineVector<const u64*, 64> diagonals;
        for (std::size_t b = 0; b < giant.babies.size(); ++b) diagonals.push_back(diagonals_.block(limb, block, giant.first + b));
        sum_block(ring, babies, giant, diagonals.data(), limb, block, sums[g]);
      }
    });
    return sums;
  }
  pool().parallel_for(limbs * count, [&](std::size_t task) {
    const int limb = static_cast<int>(task / count);
    const std::size_t g = task % count;
    const Giant& giant = giants_[first + g];
    Buffer expanded(giant.babies.size() * n_);
    for (std::size_t b = 0; b < giant.babies.size(); ++b) diagonals_.expand(expanded.data() + b * n_, limb, giant.first + b);
    for (std::size_t block = 0; block < blocks; ++block) {
      InlineVector<const u64*, 64> diagonals;
      for (std::size_t b = 0; b < giant.babies.size(); ++b) diagonals.push_back(expanded.data() + b * n_ + block * words);
      sum_block(ring, babies, giant, diagonals.data(), limb, block, sums[g]);
    }
  });
  return sums;
}

/// Every rotation of apply(): baby steps, then giant steps or their distances.
std::vector<i64> LinearTransform::needed_rotations() const {
  std::set<i64> giants;
  for (const Giant& giant : giants_) giants.insert(giant.step);
  std::vector<i64> out = babies_;
  for (const i64 step : horner_ ? distances(giants) : std::vector<i64>(giants.begin(), giants.end())) out.push_back(step);
  out.erase(std::remove(out.begin(), out.end(), 0), out.end());
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
    if (component.n() != n || component.q_limbs() != level_ + 1 || n_ != n) {
      fail(Code::kInvalidArgument,
           "the linear transform has degree %zu, the ciphertext degree %zu with %d limbs, the parameters degree %zu",
           n_, component.n(), component.q_limbs(), n);
    }
  }
  const auto key_of = [&](i64 step) -> const EvaluationKey& {
    return evaluator.keys().find(galois_element(ring, step), level_);
  };
  for (const i64 step : needed_rotations()) key_of(step);

  const BabySteps babies = baby_steps(evaluator, x);
  RaisedPair total;
  for (std::size_t done = 0; done < giants_.size(); done += kGiantsAtOnce) {
    const std::size_t count = std::min(kGiantsAtOnce, giants_.size() - done);
    const std::size_t first = horner_ ? giants_.size() - done - count : done;
    std::vector<RaisedPair> sums = giant_sums(ring, babies, first, count);
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t g = horner_ ? first + count - 1 - k : first + k;
      RaisedPair& sum = sums[g - first];
      if (total.c0.empty()) {
        total = std::move(sum);
      } else if (horner_) {
        add_rotated(ring, sum, std::move(total), key_of(giants_[g + 1].step - giants_[g].step));
        total = std::move(sum);
      } else {
        add_rotated(ring, total, std::move(sum), key_of(giants_[g].step));
      }
    }
  }
  if (giants_.front().step != 0) {
    RaisedPair rotated{Poly<Eval>::zero(n, level_ + 1, ring.special_count()), Poly<Eval>::zero(n, level_ + 1, ring.special_count())};
    add_rotated(ring, rotated, std::move(total), key_of(giants_.front().step));
    total = std::move(rotated);
  }

  std::vector<Poly<Eval>> halves;
  halves.push_back(std::move(total.c0));
  halves.push_back(std::move(total.c1));
  Ciphertext out;
  out.level = level_;
  out.scale = x.scale * plain_;
  out.components = mod_down(ring, std::move(halves));
  return out;
}

}  // namespace tacet
