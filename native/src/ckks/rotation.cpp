// SPDX-License-Identifier: Apache-2.0
// Rotations and conjugation.
#include "ckks/evaluator.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

/// sigma_g(a), given the digits of a's c_1.
Ciphertext Evaluator::apply_galois(const Ciphertext& a, const std::vector<Poly<Eval>>& digits,
                                   const EvaluationKey& key) const {
  const Ring& ring = context_->ring();
  auto switched = mod_down(ring, gadget_product(ring, digits, key));
  add_into(ring, switched.first, a.components[0]);
  Ciphertext out;
  out.encoding = a.encoding;
  out.level = a.level;
  out.scale = a.scale;
  out.components.push_back(permute(ring, switched.first, key.permutation));
  out.components.push_back(permute(ring, switched.second, key.permutation));
  return out;
}

Ciphertext Evaluator::rotate(const Ciphertext& a, i64 steps) const {
  return std::move(rotate_hoisted(a, {steps}).front());
}

std::vector<Ciphertext> Evaluator::rotate_hoisted(const Ciphertext& a, const std::vector<i64>& steps) const {
  check(a, "rotate", 2);
  std::vector<const EvaluationKey*> found;
  bool any = false;
  for (i64 step : steps) {
    const u32 galois = galois_element(context_->n(), step);
    found.push_back(galois == 1 ? nullptr : &keys().find(galois, a.level));
    any = any || galois != 1;
  }
  const std::vector<Poly<Eval>> digits = any ? decompose(context_->ring(), a.components[1]) : std::vector<Poly<Eval>>();
  std::vector<Ciphertext> out(steps.size());
  const auto one = [&](std::size_t i) {
    if (found[i] == nullptr) {
      out[i] = a;
      out[i].seed.reset();
    } else {
      out[i] = apply_galois(a, digits, *found[i]);
    }
  };
  pool().parallel_for(steps.size(), one);
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
  const EvaluationKey& key = keys().find(conjugation_element(context_->n()), a.level);
  return apply_galois(a, decompose(context_->ring(), a.components[1]), key);
}

}  // namespace tacet
