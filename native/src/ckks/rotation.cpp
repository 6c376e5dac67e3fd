// SPDX-License-Identifier: Apache-2.0
// Rotations and conjugation.
#include <cstring>

#include "ckks/evaluator.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

namespace {

/// P a.
RaisedPair raised(const Ring& ring, const Ciphertext& a) {
  const std::size_t n = ring.n();
  RaisedPair out{Poly<Eval>(n, a.level + 1, ring.special_count()), Poly<Eval>(n, a.level + 1, ring.special_count())};
  pool().parallel_for(static_cast<std::size_t>(out.c0.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    Poly<Eval>* const halves[] = {&out.c0, &out.c1};
    for (std::size_t h = 0; h < 2; ++h) {
      u64* const to = halves[h]->limb(limb);
      if (limb > a.level) {  // P is zero modulo its primes
        std::memset(to, 0, n * sizeof(u64));
        continue;
      }
      const u64 p = ring.special_mod(limb), q = ring.modulus(limb).value;
      kernels().multiply_constant(to, a.components[h].limb(limb), p, shoup(p, q), n, q);
    }
  });
  return out;
}

}  // namespace

/// sigma_g(a) for the Galois element of each key, by one decomposition.
std::vector<Ciphertext> Evaluator::apply_galois(const Ciphertext& a, const std::vector<const EvaluationKey*>& keys) const {
  std::vector<Ciphertext> out;
  if (keys.empty()) return out;
  Addend addend;
  addend.c0 = &a.components[0];
  const Decomposition digits(context_->ring(), a.components[1]);
  for (RaisedPair& switched : switch_keys(context_->ring(), digits, keys, addend)) {
    Ciphertext one;
    one.encoding = a.encoding;
    one.level = a.level;
    one.scale = a.scale;
    one.components.push_back(std::move(switched.c0));
    one.components.push_back(std::move(switched.c1));
    out.push_back(std::move(one));
  }
  return out;
}

Ciphertext Evaluator::rotate(const Ciphertext& a, i64 steps) const {
  return std::move(rotate_hoisted(a, {steps}).front());
}

std::vector<Ciphertext> Evaluator::rotate_hoisted(const Ciphertext& a, const std::vector<i64>& steps) const {
  check(a, "rotate", 2);
  std::vector<const EvaluationKey*> found;
  std::vector<std::size_t> switched;  // steps that are no multiple of the slots
  std::vector<Ciphertext> out(steps.size());
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const u32 galois = galois_element(context_->ring(), steps[i]);
    if (galois == 1) {
      out[i] = a;
      out[i].seed.reset();
      continue;
    }
    found.push_back(&keys().find(galois, a.level));
    switched.push_back(i);
  }
  std::vector<Ciphertext> rotated = apply_galois(a, found);
  for (std::size_t i = 0; i < rotated.size(); ++i) out[switched[i]] = std::move(rotated[i]);
  return out;
}

std::vector<const EvaluationKey*> Evaluator::sum_keys(int level, i64 step, i64 count, i64& doublings) const {
  const i64 slots = static_cast<i64>(context_->slots());
  if (count < 1 || (count & (count - 1)) != 0 || count > slots) {
    fail(Code::kInvalidArgument, "rotateSum of %lld terms; the number of terms must be a power of two up to %lld slots",
         static_cast<long long>(count), static_cast<long long>(slots));
  }
  std::vector<const EvaluationKey*> rotations;
  i64 done = 1, distance = step % slots;
  for (; done < count && galois_element(context_->ring(), distance) != 1; done *= 2, distance = distance * 2 % slots) {
    rotations.push_back(&keys().find(galois_element(context_->ring(), distance), level));
  }
  doublings = count / done;
  return rotations;
}

void Evaluator::rotate_sum(RaisedPair& total, int level, i64 step, i64 count) const {
  const Ring& ring = context_->ring();
  i64 doublings = 1;
  for (const EvaluationKey* key : sum_keys(level, step, count, doublings)) {
    RaisedPair next{Poly<Eval>(ring.n(), level + 1, ring.special_count()), Poly<Eval>(ring.n(), level + 1, ring.special_count())};
    rotate_and_add(ring, total, total, *key, next);
    total = std::move(next);
  }
  for (; doublings > 1; doublings /= 2) {
    add_into(ring, total.c0, total.c0);
    add_into(ring, total.c1, total.c1);
  }
}

Ciphertext Evaluator::lowered(const RaisedPair& total, int level, const Scale& scale, bool rescale) const {
  const Ring& ring = context_->ring();
  Ciphertext out;
  out.level = rescale ? level - 1 : level;
  out.scale = rescale ? scale.times_prime(level, -1) : scale;
  out.components = rescale ? mod_down_and_rescale(ring, {&total.c0, &total.c1}) : mod_down(ring, {&total.c0, &total.c1});
  return out;
}

Ciphertext Evaluator::rotate_sum(const Ciphertext& a, i64 step, i64 count) const {
  check(a, "rotateSum", 2);
  Ciphertext sum = a;
  sum.seed.reset();
  const Ring& ring = context_->ring();
  i64 doublings = 1;
  const std::vector<const EvaluationKey*> rotations = sum_keys(a.level, step, count, doublings);
  if (rotations.size() == 1) {
    Ciphertext rotated = std::move(apply_galois(a, rotations).front());
    for (std::size_t i = 0; i < 2; ++i) add_into(ring, rotated.components[i], sum.components[i]);
    sum = std::move(rotated);
  } else if (!rotations.empty()) {  // sums times P: one division at the end, and one of the half that is switched for each rotation
    RaisedPair total = raised(ring, a);
    for (std::size_t i = 0; i < rotations.size(); ++i) {
      RaisedPair next{Poly<Eval>(ring.n(), a.level + 1, ring.special_count()), Poly<Eval>(ring.n(), a.level + 1, ring.special_count())};
      if (i == 0) {
        rotate_and_add(ring, total, a.components[1], total, *rotations[i], next);
      } else {
        rotate_and_add(ring, total, total, *rotations[i], next);
      }
      total = std::move(next);
    }
    sum.components = mod_down(ring, {&total.c0, &total.c1});
  }
  for (; doublings > 1; doublings /= 2) {
    for (Poly<Eval>& component : sum.components) add_into(ring, component, component);
  }
  return sum;
}

Ciphertext Evaluator::rotate_mean(const Ciphertext& a, i64 step, i64 count) const {
  const i64 slots = static_cast<i64>(context_->slots());
  if (step < 1 || count < 1 || slots % step != 0 || slots / step != count) {
    fail(Code::kInvalidArgument, "rotateMean of %lld rotations %lld apart, together they must be the %lld slots",
         static_cast<long long>(count), static_cast<long long>(step), static_cast<long long>(slots));
  }
  check(a, "rotateMean", 2);
  const Ring& ring = context_->ring();
  Ciphertext part = a;
  part.seed.reset();
  for (int limb = 0; limb <= a.level; ++limb) {
    const Modulus& q = ring.modulus(limb);
    const u64 inverse = inverse_mod(static_cast<u64>(count), q);
    for (Poly<Eval>& component : part.components) {
      u64* const x = component.limb(limb);
      kernels().multiply_constant(x, x, inverse, shoup(inverse, q.value), ring.n(), q.value);
    }
  }
  return rotate_sum(part, step, count);
}

Ciphertext Evaluator::conjugate(const Ciphertext& a) const {
  check(a, "conjugate", 2);
  const u32 element = conjugation_element(context_->ring());  // before the keys: there may be none where it does not exist
  return std::move(apply_galois(a, {&keys().find(element, a.level)}).front());
}

}  // namespace tacet
