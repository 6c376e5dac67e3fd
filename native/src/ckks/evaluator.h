// SPDX-License-Identifier: Apache-2.0
#pragma once
// Operations on ciphertexts.

#include <vector>

#include "ckks/context.h"
#include "ckks/encoder.h"
#include "rlwe/ciphertext.h"
#include "rlwe/key_switch.h"
#include "rlwe/keys.h"

namespace tacet {

/// Stateless but for its context and keys; safe to use from many threads. Every operation checks its arguments and
/// throws Error(kInvalidArgument) naming levels, scales and components, or Error(kMissingKey).
class Evaluator {
 public:
  /// keys may be null when no operation needs one.
  Evaluator(std::shared_ptr<const Context> context, std::shared_ptr<const EvaluationKeySet> keys)
      : context_(std::move(context)), keys_(std::move(keys)) {}

  // Equal encoding, level and scale; 2 or 3 components each, result has the larger number.
  Ciphertext add(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext subtract(const Ciphertext& a, const Ciphertext& b) const;
  Ciphertext negate(const Ciphertext& a) const;
  /// a + i b, 2 components each, equal level and scale. Error(kUnsupported) in the conjugate-invariant ring.
  Ciphertext complex(const Ciphertext& a, const Ciphertext& b) const;
  /// The plaintext's level must be at least a's; scales must be equal.
  Ciphertext add_plain(const Ciphertext& a, const Plaintext& b) const;
  /// Adds the constant to every slot, rounded at a's scale. Nothing is copied if a is moved in.
  Ciphertext add_scalar(Ciphertext a, double value) const;

  /// 2 components each, equal level; 3 components, scale product, no rescale. The addend, if there is one, has 2 or 3 components and the
  /// product's level and scale.
  Ciphertext multiply(const Ciphertext& a, const Ciphertext& b, const Ciphertext* addend = nullptr) const;
  Ciphertext square(const Ciphertext& a) const;
  /// Scale product, same level. The plaintext's level must be at least a's.
  Ciphertext multiply_plain(const Ciphertext& a, const Plaintext& b) const;
  /// Multiplies by the integer round(value * plain); the scale becomes scale * plain. With plain = 1 the value must be
  /// an integer.
  Ciphertext multiply_scalar(const Ciphertext& a, double value, const Scale& plain) const;

  /// A term of a linear combination.
  struct Term {
    const Ciphertext* x;
    double weight;
  };
  /// addend + sum of multiply_scalar(drop_level(x, level), weight, scale / x's scale), in one pass over the memory. Every x has 2
  /// components and at least that level; the addend, if there is one, has 2 or 3 components at that level and scale. 1 to 4095 terms.
  Ciphertext linear_combination(const std::vector<Term>& terms, int level, const Scale& scale,
                                const Ciphertext* addend = nullptr) const;

  /// 3 -> 2 components; 2 components are returned unchanged.
  Ciphertext relinearize(const Ciphertext& a) const;
  /// relinearize(multiply(a, b)) in one flow. Needs a key even where multiply does not.
  Ciphertext multiply_relinearize(const Ciphertext& a, const Ciphertext& b) const;
  /// rescale(relinearize(multiply(a, b) + addend)) with one division by P * q_level and so one rounding. The addend, if there is
  /// one, has 2 components and the product's level and scale.
  Ciphertext multiply_relinearize_rescale(const Ciphertext& a, const Ciphertext& b,
                                          const Ciphertext* addend = nullptr) const;
  /// rescale(relinearize(a)) with one division, as above; 2 components are only rescaled.
  Ciphertext relinearize_rescale(const Ciphertext& a) const;
  /// Divides by q_level: level - 1, scale / q_level. Level must be >= 1.
  Ciphertext rescale(const Ciphertext& a) const;
  /// The same ciphertext at a lower (or its own) level.
  Ciphertext drop_level(const Ciphertext& a, int level) const;

  /// Keeps c_1 and, of c_0, the coefficients `indexes` (ascending, at least one): what is left of c_0 is uniform to whoever lacks
  /// the rest, so the result says nothing but these coefficients of the message. Encoding kCoefficients, 2 components.
  Ciphertext extract(const Ciphertext& a, const std::vector<u32>& indexes) const;

  /// Result slot j = slot j + steps. 2 components. steps is taken modulo the slots; 0 needs no key.
  Ciphertext rotate(const Ciphertext& a, i64 steps) const;
  /// All rotations from one decomposition.
  std::vector<Ciphertext> rotate_hoisted(const Ciphertext& a, const std::vector<i64>& steps) const;
  /// sum over i < count of rotate(a, i * step), count a power of two, by log2(count) rotations.
  Ciphertext rotate_sum(const Ciphertext& a, i64 step, i64 count) const;
  /// The same of a sum times P at a level, which stays one.
  void rotate_sum(RaisedPair& total, int level, i64 step, i64 count) const;
  /// What a sum times P is, in slots at a level and of a scale; with `rescale` divided by q_level as well, in one division.
  Ciphertext lowered(const RaisedPair& total, int level, const Scale& scale, bool rescale) const;
  /// The mean of the rotations by the multiples of step, step * count = slots: every slot of a class modulo step gets the mean of its
  /// class, at a's scale and without rounding. a is multiplied by count^-1 modulo Q before it is summed: the sum is a trace, which
  /// multiplies some coefficients by count and cancels all others to zero, so nothing grows.
  Ciphertext rotate_mean(const Ciphertext& a, i64 step, i64 count) const;
  /// Error(kUnsupported) in the conjugate-invariant ring.
  Ciphertext conjugate(const Ciphertext& a) const;

  const Context& context() const { return *context_; }
  const std::shared_ptr<const Context>& shared_context() const { return context_; }
  /// Throws Error(kMissingKey) if there is no key set.
  const EvaluationKeySet& keys() const;

 private:
  /// The keys of the rotations that a sum takes; `doublings` is what is left to double, in powers of two.
  std::vector<const EvaluationKey*> sum_keys(int level, i64 step, i64 count, i64& doublings) const;
  std::vector<Ciphertext> apply_galois(const Ciphertext& a, const std::vector<const EvaluationKey*>& keys) const;
  Ciphertext switch_square(const Ciphertext& type, const Poly<Eval>& c2, const Addend& addend, bool rescale) const;
  Ciphertext multiply_switch(const char* operation, const Ciphertext& a, const Ciphertext& b, const Ciphertext* addend,
                             bool rescale) const;
  void check(const Ciphertext& a, const char* operation, int max_components) const;

  std::shared_ptr<const Context> context_;
  std::shared_ptr<const EvaluationKeySet> keys_;
};

}  // namespace tacet
