// SPDX-License-Identifier: Apache-2.0
// Rotations and conjugation.
#include "ckks/evaluator.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

/// sigma_g(a), given the digits of a's c_1.
Ciphertext Evaluator::apply_galois(const Ciphertext& a, const Decomposition& digits, const EvaluationKey& key) const {
  Addend addend;
  addend.c0 = &a.components[0];
  RaisedPair switched = switch_key(context_->ring(), digits, key, addend);
  Ciphertext out;
  out.encoding = a.encoding;
  out.level = a.level;
  out.scale = a.scale;
  out.components.push_back(std::move(switched.c0));
  out.components.push_back(std::move(switched.c1));
  return out;
}

Ciphertext Evaluator::rotate(const Ciphertext& a, i64 steps) const {
  return std::move(rotate_hoisted(a, {steps}).front());
}

std::vector<Ciphertext> Evaluator::rotate_hoisted(const Ciphertext& a, const std::vector<i64>& steps) const {
  check(a, "rotate", 2);
  std::vector<const EvaluationKey*> found;
  std::size_t switches = 0;
  for (i64 step : steps) {
    const u32 galois = galois_element(context_->ring(), step);
    found.push_back(galois == 1 ? nullptr : &keys().find(galois, a.level));
    switches += galois != 1 ? 1 : 0;
  }
  std::vector<Ciphertext> out(steps.size());
  std::unique_ptr<Decomposition> digits;
  if (switches > 0) digits = std::make_unique<Decomposition>(context_->ring(), a.components[1]);
  if (switches > 1) digits->lift();
  pool().parallel_for(steps.size(), [&](std::size_t i) {
    if (found[i] == nullptr) {
      out[i] = a;
      out[i].seed.reset();
    } else {
      out[i] = apply_galois(a, *digits, *found[i]);
    }
  });
  return out;
}

Ciphertext Evaluator::rotate_sum(const Ciphertext& a, i64 step, i64 count) const {
  if (count < 1 || (count & (count - 1)) != 0) {
    fail(Code::kInvalidArgument, "rotateSum of %lld terms; the number of terms must be a power of two",
         static_cast<long long>(count));
  }
  check(a, "rotateSum", 2);
  Ciphertext sum = a;
  sum.seed.reset();
  const i64 slots = static_cast<i64>(context_->slots());
  i64 distance = step % slots;
  for (i64 done = 1; done < count; done *= 2) {
    sum = add(sum, rotate(sum, distance));
    distance = distance * 2 % slots;
  }
  return sum;
}

Ciphertext Evaluator::conjugate(const Ciphertext& a) const {
  check(a, "conjugate", 2);
  const u32 element = conjugation_element(context_->ring());  // before the keys: there may be none where it does not exist
  const EvaluationKey& key = keys().find(element, a.level);
  return apply_galois(a, Decomposition(context_->ring(), a.components[1]), key);
}

}  // namespace tacet
