// SPDX-License-Identifier: Apache-2.0
// Arithmetic: everything that needs no evaluation key, and relinearization.
#include "ckks/evaluator.h"

#include <algorithm>
#include <cmath>

#include "ckks/rounding.h"
#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// A ciphertext with a's type and no components yet.
Ciphertext shell(const Ciphertext& a) {
  Ciphertext out;
  out.encoding = a.encoding;
  out.level = a.level;
  out.scale = a.scale;
  return out;
}

Poly<Eval> copy(const Ring& ring, const Poly<Eval>& a) { return first_limbs(ring, a, a.q_limbs()); }

Ciphertext unseeded(const Ring& ring, const Ciphertext& a) {
  Ciphertext out = shell(a);
  for (const Poly<Eval>& component : a.components) out.components.push_back(copy(ring, component));
  return out;
}

void check_levels(const char* operation, const Ciphertext& a, const Ciphertext& b) {
  if (a.level != b.level)
    fail(Code::kInvalidArgument, "%s of levels %d and %d; levels must be equal", operation, a.level, b.level);
  if (a.encoding != b.encoding) {
    fail(Code::kInvalidArgument, "%s of encodings %d and %d; encodings must be equal", operation,
         static_cast<int>(a.encoding), static_cast<int>(b.encoding));
  }
}

void check_scales(const Ring& ring, const char* operation, const Scale& a, const Scale& b) {
  if (a != b) {
    fail(Code::kInvalidArgument, "%s of scales %s and %s; scales must be equal", operation, a.text(ring).c_str(),
         b.text(ring).c_str());
  }
}

void check_plain(const Ring& ring, const char* operation, const Ciphertext& a, const Plaintext& b) {
  if (b.level < a.level || b.poly.n() != ring.n() || b.poly.q_limbs() != b.level + 1) {
    fail(Code::kInvalidArgument,
         "%s of a ciphertext at level %d and a plaintext at level %d with %d limbs of degree %zu", operation, a.level,
         b.level, b.poly.q_limbs(), b.poly.n());
  }
  if (a.encoding != b.encoding) {
    fail(Code::kInvalidArgument, "%s of encodings %d and %d; encodings must be equal", operation,
         static_cast<int>(a.encoding), static_cast<int>(b.encoding));
  }
}

void check_rescale(const char* operation, const Ciphertext& a) {
  if (a.level < 1)
    fail(Code::kInvalidArgument, "%s needs level 1 or more, the ciphertext is at level %d", operation, a.level);
}

}  // namespace

const EvaluationKeySet& Evaluator::keys() const {
  if (!keys_) fail(Code::kMissingKey, "the operation needs an evaluation key and no key set was given");
  return *keys_;
}

void Evaluator::check(const Ciphertext& a, const char* operation, int max_components) const {
  const Ring& ring = context_->ring();
  if (a.encoding == Encoding::kExtracted) {
    fail(Code::kInvalidArgument, "%s of an extracted ciphertext, which can only be decrypted", operation);
  }
  if (a.size() < 2 || a.size() > max_components) {
    fail(Code::kInvalidArgument, "%s takes %s components, the ciphertext has %d%s", operation,
         max_components == 2 ? "2" : "2 or 3", a.size(), a.size() == 3 ? "; relinearize first" : "");
  }
  if (a.level < 0 || a.level > ring.max_level()) {
    fail(Code::kInvalidArgument, "%s of a ciphertext at level %d, the chain has levels 0..%d", operation, a.level,
         ring.max_level());
  }
  for (const Poly<Eval>& component : a.components) {
    if (component.n() != ring.n() || component.q_limbs() != a.level + 1 || component.p_limbs() != 0) {
      fail(Code::kInvalidArgument,
           "%s of a ciphertext of degree %zu with %d limbs at level %d, the parameters have degree %zu", operation,
           component.n(), component.limbs(), a.level, ring.n());
    }
  }
}

Ciphertext Evaluator::add(const Ciphertext& a, const Ciphertext& b) const {
  check(a, "add", 3);
  check(b, "add", 3);
  check_levels("add", a, b);
  const Ring& ring = context_->ring();
  check_scales(ring, "add", a.scale, b.scale);
  const Ciphertext& longer = a.size() >= b.size() ? a : b;
  const Ciphertext& shorter = a.size() >= b.size() ? b : a;
  Ciphertext out = shell(longer);
  for (std::size_t i = 0; i < longer.components.size(); ++i) {
    const bool both = i < shorter.components.size();
    out.components.push_back(both ? tacet::add(ring, a.components[i], b.components[i]) : copy(ring, longer.components[i]));
  }
  return out;
}

Ciphertext Evaluator::complex(const Ciphertext& a, const Ciphertext& b) const {
  check(a, "complex", 2);
  check(b, "complex", 2);
  if (context_->real_slots()) {
    fail(Code::kUnsupported, "complex does not exist in ring type CONJUGATE_INVARIANT, its slots are real");
  }
  check_levels("complex", a, b);
  check_scales(context_->ring(), "complex", a.scale, b.scale);
  Ciphertext out = unseeded(context_->ring(), b);
  for (std::size_t i = 0; i < out.components.size(); ++i) {
    multiply_by_i(context_->ring(), out.components[i]);
    add_into(context_->ring(), out.components[i], a.components[i]);
  }
  return out;
}

Ciphertext Evaluator::subtract(const Ciphertext& a, const Ciphertext& b) const {
  check(a, "sub", 3);
  check(b, "sub", 3);
  check_levels("sub", a, b);
  const Ring& ring = context_->ring();
  check_scales(ring, "sub", a.scale, b.scale);
  Ciphertext out = shell(a);
  for (std::size_t i = 0; i < std::max(a.components.size(), b.components.size()); ++i) {
    out.components.push_back(i >= b.components.size()   ? copy(ring, a.components[i])
                             : i >= a.components.size() ? tacet::negate(ring, b.components[i])
                                                        : tacet::subtract(ring, a.components[i], b.components[i]));
  }
  return out;
}

Ciphertext Evaluator::negate(const Ciphertext& a) const {
  check(a, "negate", 3);
  Ciphertext out = shell(a);
  for (const Poly<Eval>& component : a.components) out.components.push_back(tacet::negate(context_->ring(), component));
  return out;
}

Ciphertext Evaluator::add_plain(const Ciphertext& a, const Plaintext& b) const {
  check(a, "addPlain", 3);
  check_plain(context_->ring(), "addPlain", a, b);
  check_scales(context_->ring(), "addPlain", a.scale, b.scale);
  Ciphertext out = shell(a);
  out.components.push_back(tacet::add(context_->ring(), a.components[0], b.poly));
  for (std::size_t i = 1; i < a.components.size(); ++i) out.components.push_back(copy(context_->ring(), a.components[i]));
  return out;
}

Ciphertext Evaluator::add_scalar(Ciphertext a, double value) const {
  check(a, "addScalar", 3);
  const Ring& ring = context_->ring();
  const RoundedInteger constant = rounded_scalar(ring, "addScalar", value, a.scale, a.level);
  a.seed.reset();
  add_constants(ring, a.components[0], residues(ring, a.level, constant));
  return a;
}

Ciphertext Evaluator::multiply(const Ciphertext& a, const Ciphertext& b, const Ciphertext* addend) const {
  check(a, "multiply", 2);
  check(b, "multiply", 2);
  check_levels("multiply", a, b);
  const Ring& ring = context_->ring();
  const std::size_t n = ring.n();
  Ciphertext out = shell(a);
  out.scale = a.scale * b.scale;
  if (addend != nullptr) {
    check(*addend, "multiply and add", 3);
    check_levels("multiply and add", a, *addend);
    check_scales(ring, "multiply and add", out.scale, addend->scale);
  }
  for (int i = 0; i < 3; ++i) out.components.emplace_back(n, a.level + 1);
  const auto& x = a.components;
  const auto& y = b.components;
  pool().parallel_for(static_cast<std::size_t>(a.level + 1), [&](std::size_t task) {
    const int limb = static_cast<int>(task);
    const Modulus& q = ring.modulus(limb);
    kernels().multiply(out.components[0].limb(limb), x[0].limb(limb), y[0].limb(limb), n, q);
    const u64* left[] = {x[0].limb(limb), x[1].limb(limb)};
    const u64* right[] = {y[1].limb(limb), y[0].limb(limb)};
    kernels().inner_product(out.components[1].limb(limb), left, right, 2, n, q);
    kernels().multiply(out.components[2].limb(limb), x[1].limb(limb), y[1].limb(limb), n, q);
    for (std::size_t k = 0; addend != nullptr && k < addend->components.size(); ++k) {
      u64* const sum = out.components[k].limb(limb);
      kernels().add(sum, sum, addend->components[k].limb(limb), n, q.value);
    }
  });
  return out;
}

Ciphertext Evaluator::square(const Ciphertext& a) const { return multiply(a, a); }

Ciphertext Evaluator::multiply_plain(const Ciphertext& a, const Plaintext& b) const {
  check(a, "multiplyPlain", 3);
  check_plain(context_->ring(), "multiplyPlain", a, b);
  Ciphertext out = shell(a);
  out.scale = a.scale * b.scale;
  for (const Poly<Eval>& component : a.components) {
    out.components.push_back(tacet::multiply(context_->ring(), component, b.poly, a.level + 1));
  }
  return out;
}

Ciphertext Evaluator::multiply_scalar(const Ciphertext& a, double value, const Scale& plain) const {
  check(a, "multiplyScalar", 3);
  const Ring& ring = context_->ring();
  if (plain == Scale() && value != std::rint(value)) {
    fail(Code::kInvalidArgument, "multiplyScalar with plain scale 1 takes an integer");
  }
  const RoundedInteger constant = rounded_scalar(ring, "multiplyScalar", value, plain, a.level);
  Ciphertext out = shell(a);
  out.scale = a.scale * plain;
  const std::vector<u64> words = residues(ring, a.level, constant);
  for (const Poly<Eval>& component : a.components) out.components.push_back(multiply_constants(ring, component, words));
  return out;
}

Ciphertext Evaluator::linear_combination(const std::vector<Term>& terms, int level, const Scale& scale,
                                         const Ciphertext* addend) const {
  constexpr const char* kOperation = "linear combination";
  const Ring& ring = context_->ring();
  if (terms.empty() || terms.size() > 4095) {
    fail(Code::kInvalidArgument, "a linear combination of %zu terms; it takes 1 to 4095", terms.size());
  }
  Ciphertext out;
  out.level = level;
  out.scale = scale;
  std::vector<std::vector<u64>> constants;
  std::vector<const Poly<Eval>*> parts[2];
  for (const Term& term : terms) {
    const Ciphertext& x = *term.x;
    check(x, kOperation, 2);
    if (level < 0 || level > x.level) fail(Code::kInvalidArgument, "cannot drop from level %d to level %d", x.level, level);
    if (x.encoding != terms[0].x->encoding) fail(Code::kInvalidArgument, "linear combination of different encodings");
    constants.push_back(residues(ring, level, rounded_scalar(ring, "multiplyScalar", term.weight, scale / x.scale, level)));
    for (std::size_t i = 0; i < 2; ++i) parts[i].push_back(&x.components[i]);
  }
  out.encoding = terms[0].x->encoding;
  if (addend != nullptr) {
    check(*addend, kOperation, 3);
    check_levels(kOperation, out, *addend);
    check_scales(ring, kOperation, scale, addend->scale);
    constants.emplace_back(static_cast<std::size_t>(level) + 1, 1);
    for (std::size_t i = 0; i < 2; ++i) parts[i].push_back(&addend->components[i]);
  }
  for (const std::vector<const Poly<Eval>*>& part : parts) {
    out.components.push_back(tacet::linear_combination(ring, part, constants, level + 1));
  }
  if (addend != nullptr && addend->size() == 3) out.components.push_back(copy(ring, addend->components[2]));
  return out;
}

/// `type`'s level and scale (before a rescale) with addend + c2 s^2 -> s.
Ciphertext Evaluator::switch_square(const Ciphertext& type, const Poly<Eval>& c2, const Addend& addend, bool rescale) const {
  const Ring& ring = context_->ring();
  const EvaluationKey& key = keys().find(0, type.level);
  RaisedPair switched = switch_key(ring, Decomposition(ring, c2), key, addend, rescale);
  Ciphertext out = shell(type);
  if (rescale) {
    out.level = type.level - 1;
    out.scale = type.scale.times_prime(type.level, -1);
  }
  out.components.push_back(std::move(switched.c0));
  out.components.push_back(std::move(switched.c1));
  return out;
}

Ciphertext Evaluator::multiply_switch(const char* operation, const Ciphertext& a, const Ciphertext& b,
                                      const Ciphertext* addend, bool rescale) const {
  check(a, operation, 2);
  check(b, operation, 2);
  check_levels(operation, a, b);
  if (rescale) check_rescale(operation, a);
  Ciphertext type = shell(a);
  type.scale = a.scale * b.scale;
  Addend added;
  if (addend != nullptr) {
    check(*addend, operation, 2);
    check_levels(operation, a, *addend);
    check_scales(context_->ring(), operation, type.scale, addend->scale);
    added.c0 = &addend->components[0];
    added.c1 = &addend->components[1];
  }
  added.x = a.components.data();
  added.y = b.components.data();
  const Poly<Eval> c2 = tacet::multiply(context_->ring(), a.components[1], b.components[1], a.level + 1);
  return switch_square(type, c2, added, rescale);
}

Ciphertext Evaluator::multiply_relinearize(const Ciphertext& a, const Ciphertext& b) const {
  return multiply_switch("multiply", a, b, nullptr, false);
}

Ciphertext Evaluator::multiply_relinearize_rescale(const Ciphertext& a, const Ciphertext& b, const Ciphertext* addend) const {
  return multiply_switch("multiply and rescale", a, b, addend, true);
}

Ciphertext Evaluator::relinearize(const Ciphertext& a) const {
  check(a, "relinearize", 3);
  if (a.size() == 2) return unseeded(context_->ring(), a);
  Addend added;
  added.c0 = &a.components[0];
  added.c1 = &a.components[1];
  return switch_square(a, a.components[2], added, false);
}

Ciphertext Evaluator::relinearize_rescale(const Ciphertext& a) const {
  check(a, "relinearize and rescale", 3);
  if (a.size() == 2) return rescale(a);
  check_rescale("relinearize and rescale", a);
  Addend added;
  added.c0 = &a.components[0];
  added.c1 = &a.components[1];
  return switch_square(a, a.components[2], added, true);
}

Ciphertext Evaluator::rescale(const Ciphertext& a) const {
  check(a, "rescale", 3);
  check_rescale("rescale", a);
  Ciphertext out = shell(a);
  out.level = a.level - 1;
  out.scale = a.scale.times_prime(a.level, -1);
  out.components = divide_by_last(context_->ring(), a.components);
  return out;
}

Ciphertext Evaluator::drop_level(const Ciphertext& a, int level) const {
  check(a, "dropLevel", 3);
  if (level < 0 || level > a.level)
    fail(Code::kInvalidArgument, "cannot drop from level %d to level %d", a.level, level);
  Ciphertext out = shell(a);
  out.level = level;
  for (const Poly<Eval>& component : a.components) out.components.push_back(first_limbs(context_->ring(), component, level + 1));
  return out;
}

}  // namespace tacet
