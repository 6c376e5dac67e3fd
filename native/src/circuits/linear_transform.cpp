// SPDX-License-Identifier: Apache-2.0
#include "circuits/linear_transform.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <map>
#include <optional>
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

/// The words of a block: the baby steps' blocks, two halves each, take half of a first-level cache.
std::size_t block_words(std::size_t n, std::size_t baby_steps) {
  constexpr std::size_t kCacheWords = std::size_t{1} << 11;
  std::size_t words = n;
  while (words > 32 && words * 2 * baby_steps > kCacheWords) words /= 2;
  return words;
}

/// Giant steps whose sums are kept at a time: the baby steps are made again for the next ones.
constexpr std::size_t kGiantsAtOnce = 32;

/// Words from one baby step's block to the next: at powers of two apart all would fall into one set of the cache.
std::size_t block_stride(std::size_t words) { return words + 8; }

/// Giant steps that are not the second of a pair.
std::set<i64> first_giants(const SparseMap& map) {
  std::set<i64> all, first;
  for (const SparseDiagonal& diagonal : map.diagonals) all.insert(diagonal.giant);
  if (map.pair == 0) return all;
  for (const i64 giant : all) {
    if (first.count(giant - map.pair) == 0) first.insert(giant);
  }
  return first;
}

/// A map's diagonals as they are encoded: by giant and baby step, those of the first and of the second of a pair; null where there is
/// none.
using Paired = std::map<std::pair<i64, i64>, std::array<const SparseDiagonal*, 2>>;

Paired paired(const SparseMap& map) {
  const std::set<i64> first = first_giants(map);
  Paired out;
  for (const SparseDiagonal& diagonal : map.diagonals) {
    const bool second = first.count(diagonal.giant) == 0;
    out[{diagonal.giant - (second ? map.pair : 0), diagonal.baby}][second ? 1 : 0] = &diagonal;
  }
  return out;
}

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

}  // namespace

std::vector<i64> LinearTransform::rotations(std::size_t in_period, std::size_t out_period, std::size_t baby_steps) {
  const std::size_t diagonals = std::min(in_period, out_period);
  std::vector<i64> out;
  for (std::size_t b = 1; b < std::min(baby_steps, diagonals); ++b) out.push_back(static_cast<i64>(b));
  for (std::size_t g = baby_steps; g < diagonals; g += baby_steps) out.push_back(static_cast<i64>(g));
  return out;
}

std::vector<i64> LinearTransform::rotations(const SparseMap& map) {
  std::set<i64> babies;
  for (const SparseDiagonal& diagonal : map.diagonals) babies.insert(diagonal.baby);
  std::vector<i64> out(babies.begin(), babies.end());
  for (const i64 step : distances(first_giants(map))) out.push_back(step);
  out.push_back(map.pair);
  out.erase(std::remove(out.begin(), out.end(), 0), out.end());
  return out;
}

std::size_t LinearTransform::encoded_count(const SparseMap& map) {
  return map.pair == 0 ? map.diagonals.size() : paired(map).size();
}

void LinearTransform::check_diagonals(const Context& context, const SparseMap& map) {
  const std::size_t slots = context.slots(), period = map.period;
  const std::vector<SparseDiagonal>& diagonals = map.diagonals;
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
  if (map.pair < 0) fail(Code::kInvalidArgument, "giant steps paired at a distance of %lld", static_cast<long long>(map.pair));
  if (map.pair != 0) conjugation_element(context.ring());  // refuses a ring that has none
  for (const i64 step : rotations(map)) {
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
  const auto fill = [&](std::size_t d, double* diagonal, double*) {
    const std::size_t giant = d / baby_steps * baby_steps;
    for (std::size_t slot = 0; slot < slots; ++slot) {
      const std::size_t j = (slot + slots - giant) % slots;
      const std::size_t row = j & (out_period - 1);
      const std::size_t col = (j + d) & (in_period - 1);
      if (row < rows && col < cols) diagonal[slot] = values[row * cols + col];
    }
  };
  return encode(std::move(context), steps, 0, fill, level, plain, form, kept);
}

LinearTransform LinearTransform::encode(std::shared_ptr<const Context> context, const SparseMap& map, int level, Scale plain,
                                        DiagonalForm form, const DiagonalWords& kept) {
  const std::size_t slots = context->slots();
  check_diagonals(*context, map);
  std::vector<std::pair<i64, i64>> steps;
  std::vector<std::array<const SparseDiagonal*, 2>> halves;
  for (const auto& [step, half] : paired(map)) {
    steps.push_back(step);
    halves.push_back(half);
  }
  // A conjugate is added to the sum, which doubles its real part.
  const double factors[2] = {map.pair == 0 ? 1.0 : 0.5, -0.5};
  const auto fill = [&](std::size_t d, double* real, double* imaginary) {
    const std::size_t shift = static_cast<std::size_t>(steps[d].first) & (slots - 1);
    for (std::size_t half = 0; half < 2; ++half) {
      const SparseDiagonal* diagonal = halves[d][half];
      if (diagonal == nullptr) continue;
      double* const out = half == 0 ? real : imaginary;
      for (std::size_t i = 0; i < diagonal->slots.size(); ++i) {
        for (std::size_t j = diagonal->slots[i]; j < slots; j += map.period) {
          out[(j + shift) & (slots - 1)] = factors[half] * diagonal->values[i];
        }
      }
    }
  };
  return encode(std::move(context), steps, map.pair, fill, level, plain, form, kept);
}

/// `steps` are the diagonals' giant and baby steps, ascending.
LinearTransform LinearTransform::encode(std::shared_ptr<const Context> context, const std::vector<std::pair<i64, i64>>& steps,
                                        i64 pair, const Fill& fill, int level, Scale plain, DiagonalForm form,
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
  out.level_ = level;
  out.plain_ = plain;
  out.n_ = context->n();
  out.context_ = context;
  out.pair_ = pair;
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
    std::vector<double> real(slots, 0.0), imaginary(pair == 0 ? 0 : slots, 0.0);
    double* const second = pair == 0 ? nullptr : imaginary.data();
    fill(d, real.data(), second);
    if (!out.diagonals_.set(d, encoder.encode_raised(real.data(), second, slots, level, plain))) fits = false;
  });
  if (fits) return out;
  return encode(context, steps, pair, fill, level, plain, DiagonalForm::kResidues);
}

/// What the rotations by the baby steps are made of.
struct LinearTransform::BabySteps {
  const Ciphertext& x;
  std::unique_ptr<Decomposition> digits;  ///< null without rotations
  std::vector<GadgetProduct> rotations;   ///< by the baby steps but 0, kept times P in QP
};

/// What makes blocks of a limb: the rows of the baby steps, whose words stay in cache, and from them and the diagonals those of the
/// giant steps' sums. They go from block to block.
class LinearTransform::BlockRows {
 public:
  /// For giant steps first .. first + sums.size() - 1, from word `start` of a limb on; `words` is a block. digits: null without
  /// rotations.
  BlockRows(const LinearTransform& transform, const Ring& ring, const BabySteps& babies, const LimbDigits* digits, int limb,
            std::size_t start, std::size_t words, std::size_t first, std::vector<RaisedPair>& sums);
  BlockRows(const BlockRows&) = delete;
  BlockRows& operator=(const BlockRows&) = delete;

  /// Writes the block's words of the sums.
  void sum();
  /// Goes to the next block, which is there.
  void advance();

 private:
  u64* half(std::size_t baby, std::size_t h) { return scratch_.data() + (2 * baby + h) * block_stride(words_); }
  void multiply_unrotated();
  void sum_expanded();

  const LinearTransform& transform_;
  const Ring& ring_;
  const Ciphertext& x_;
  const int limb_;
  const Modulus& q_;
  std::size_t start_;
  const std::size_t words_;
  const std::size_t first_;
  Buffer scratch_;                     ///< the baby steps' words: two halves each
  std::size_t unrotated_;              ///< the baby step of 0; none: their number
  std::size_t rotations_ = 0;          ///< rows_ begins with so many baby steps
  InlineVector<PairTerms, 64> rows_;   ///< baby steps, then giant steps
  InlineVector<const void*, 256> diagonals_;  ///< of the giant steps, one after the other
  InlineVector<const u64*, 256> halves0_, halves1_;
};

LinearTransform::BlockRows::BlockRows(const LinearTransform& transform, const Ring& ring, const BabySteps& babies,
                                      const LimbDigits* digits, int limb, std::size_t start, std::size_t words, std::size_t first,
                                      std::vector<RaisedPair>& sums)
    : transform_(transform),
      ring_(ring),
      x_(babies.x),
      limb_(limb),
      q_(ring.modulus(ring.index_of(limb, transform.level_ + 1))),
      start_(start),
      words_(words),
      first_(first),
      scratch_(2 * transform.babies_.size() * block_stride(words)),
      unrotated_(transform.babies_.size()) {
  for (std::size_t baby = 0; baby < transform.babies_.size(); ++baby) {
    if (transform.babies_[baby] == 0) {
      unrotated_ = baby;
      continue;
    }
    PairTerms row = babies.rotations[rotations_++].row(limb, *digits, start);
    row.out0 = half(baby, 0);
    row.out1 = half(baby, 1);
    rows_.push_back(row);
  }
  const bool special = limb > transform.level_;  // P x is zero there
  const bool residues = transform.diagonals_.form() == DiagonalForm::kResidues;
  for (std::size_t g = 0; g < sums.size(); ++g) {
    const Giant& giant = transform.giants_[first + g];
    PairTerms row;
    if (residues) row.a_bytes = transform.diagonals_.bytes_of(limb);
    row.count = giant.babies.size();
    row.out0 = sums[g].c0.limb(limb) + start;
    row.out1 = sums[g].c1.limb(limb) + start;
    rows_.push_back(row);
    for (std::size_t b = 0; b < giant.babies.size(); ++b) {
      const std::size_t baby = giant.babies[b];
      const bool absent = special && baby == unrotated_;
      diagonals_.push_back(residues ? transform.diagonals_.block(limb, start / words, giant.first + b) : nullptr);
      halves0_.push_back(absent ? nullptr : half(baby, 0));
      halves1_.push_back(absent ? nullptr : half(baby, 1));
    }
  }
  std::size_t at = 0;
  for (std::size_t i = rotations_; i < rows_.size(); at += rows_[i++].count) {
    rows_[i].a = diagonals_.data() + at;
    rows_[i].b0 = halves0_.data() + at;
    rows_[i].b1 = halves1_.data() + at;
  }
}

/// P x.
void LinearTransform::BlockRows::multiply_unrotated() {
  if (unrotated_ == transform_.babies_.size() || limb_ > transform_.level_) return;
  const u64 p = ring_.special_mod(limb_);
  for (std::size_t h = 0; h < 2; ++h) {
    kernels().multiply_constant(half(unrotated_, h), x_.components[h].limb(limb_) + start_, p, shoup(p, q_.value), words_, q_.value);
  }
}

/// The giant steps' rows where each diagonal, a whole limb, is expanded for its use.
void LinearTransform::BlockRows::sum_expanded() {
  Buffer expanded(transform_.babies_.size() * words_);
  std::size_t at = 0;
  for (std::size_t i = rotations_; i < rows_.size(); ++i) {
    const std::size_t first = transform_.giants_[first_ + i - rotations_].first;
    for (std::size_t b = 0; b < rows_[i].count; ++b) {
      u64* to = expanded.data() + b * words_;
      transform_.diagonals_.expand(to, limb_, first + b);
      diagonals_[at++] = to;
    }
    kernels().inner_product_pairs(&rows_[i], 1, words_, q_);
  }
}

void LinearTransform::BlockRows::sum() {
  multiply_unrotated();
  const bool residues = transform_.diagonals_.form() == DiagonalForm::kResidues;
  kernels().inner_product_pairs(rows_.data(), residues ? rows_.size() : rotations_, words_, q_);
  if (!residues) sum_expanded();
}

void LinearTransform::BlockRows::advance() {
  start_ += words_;
  for (std::size_t i = 0; i < rows_.size(); ++i) {
    PairTerms& row = rows_[i];
    if (i < rotations_) {
      row.key = kept_at(row.key, 2 * row.key_digits * words_, row.key_bytes);
      row.permutation += words_;
    } else {
      row.out0 += words_;
      row.out1 += words_;
    }
  }
  const std::size_t distance = transform_.diagonals_.block_distance();
  const std::size_t bytes = transform_.diagonals_.bytes_of(limb_);
  for (std::size_t i = 0; i < diagonals_.size(); ++i) diagonals_[i] = kept_at(diagonals_[i], distance, bytes);
}

LinearTransform::BabySteps LinearTransform::baby_steps(const Evaluator& evaluator, const Ciphertext& x) const {
  const Ring& ring = evaluator.context().ring();
  BabySteps out{x, nullptr, {}};
  Addend addend;
  addend.c0 = &x.components[0];
  for (const i64 baby : babies_) {
    if (baby == 0) continue;
    if (out.digits == nullptr) out.digits = std::make_unique<Decomposition>(ring, x.components[1]);
    out.rotations.emplace_back(ring, *out.digits, evaluator.keys().find(galois_element(ring, baby), level_), addend);
  }
  if (out.digits != nullptr) out.digits->lift();
  return out;
}

/// The inner products of the diagonals of giant steps first..first+count-1 with the baby steps, in QP. Keys and diagonals are read
/// from front to back; the baby steps of a block never leave the cache.
std::vector<RaisedPair> LinearTransform::giant_sums(const Ring& ring, const BabySteps& babies, std::size_t first,
                                                    std::size_t count) const {
  const int q_limbs = level_ + 1;
  std::vector<RaisedPair> sums(count);
  for (RaisedPair& sum : sums) {
    sum = {Poly<Eval>(n_, q_limbs, ring.special_count()), Poly<Eval>(n_, q_limbs, ring.special_count())};
  }
  // Diagonals that are expanded are whole limbs.
  const std::size_t words = diagonals_.form() == DiagonalForm::kResidues ? diagonals_.block_words() : n_;
  const std::size_t blocks = n_ / words;
  const std::size_t pieces = std::min<std::size_t>(blocks, 4);  // of a limb
  const std::size_t limbs = static_cast<std::size_t>(q_limbs + ring.special_count());
  pool().parallel_for(limbs * pieces, [&](std::size_t task) {
    const int limb = static_cast<int>(task / pieces);
    const std::size_t piece = task % pieces;
    std::optional<LimbDigits> of_limb;
    if (babies.digits != nullptr) of_limb.emplace(*babies.digits, limb);
    const std::size_t end = (piece + 1) * blocks / pieces;
    std::size_t block = piece * blocks / pieces;
    BlockRows rows(*this, ring, babies, of_limb ? &*of_limb : nullptr, limb, block * words, words, first, sums);
    rows.sum();
    for (++block; block < end; ++block) {
      rows.advance();
      rows.sum();
    }
  });
  return sums;
}

/// Every rotation of apply(): baby steps, then distances of neighbouring giant steps, then that of a pair.
std::vector<i64> LinearTransform::needed_rotations() const {
  std::set<i64> giants;
  for (const Giant& giant : giants_) giants.insert(giant.step);
  std::vector<i64> out = babies_;
  for (const i64 step : distances(giants)) out.push_back(step);
  out.push_back(pair_);
  out.erase(std::remove(out.begin(), out.end(), 0), out.end());
  return out;
}

Ciphertext LinearTransform::apply(const Evaluator& evaluator, const Ciphertext& x) const {
  const RaisedPair total = apply_raised(evaluator, x);
  return evaluator.lowered(total, level_, x.scale * plain_, false);
}

RaisedPair LinearTransform::apply_raised(const Evaluator& evaluator, const Ciphertext& x) const {
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
  const EvaluationKey* conjugation = pair_ == 0 ? nullptr : &evaluator.keys().find(conjugation_element(ring), level_);

  std::optional<Ciphertext> with_second;
  if (pair_ != 0) with_second = evaluator.complex(x, evaluator.rotate(x, pair_));
  const BabySteps babies = baby_steps(evaluator, with_second ? *with_second : x);
  RaisedPair total;
  for (std::size_t end = giants_.size(); end > 0;) {
    const std::size_t first = end - std::min(end, kGiantsAtOnce);
    std::vector<RaisedPair> sums = giant_sums(ring, babies, first, end - first);
    for (std::size_t g = end; g-- > first;) {
      RaisedPair& sum = sums[g - first];
      if (g + 1 < giants_.size()) rotate_and_add(ring, total, sum, key_of(giants_[g + 1].step - giants_[g].step), sum);
      total = std::move(sum);
    }
    end = first;
  }
  if (giants_.front().step != 0) {
    const int q_limbs = level_ + 1, p_limbs = ring.special_count();
    RaisedPair rotated{Poly<Eval>::zero(n, q_limbs, p_limbs), Poly<Eval>::zero(n, q_limbs, p_limbs)};
    rotate_and_add(ring, total, rotated, key_of(giants_.front().step), rotated);
    total = std::move(rotated);
  }
  if (conjugation != nullptr) {  // the sum of both is twice the real part
    RaisedPair both{Poly<Eval>(n, level_ + 1, ring.special_count()), Poly<Eval>(n, level_ + 1, ring.special_count())};
    rotate_and_add(ring, total, total, *conjugation, both);
    total = std::move(both);
  }
  return total;
}

}  // namespace tacet
