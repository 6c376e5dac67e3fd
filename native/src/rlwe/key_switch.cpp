// SPDX-License-Identifier: Apache-2.0
#include "rlwe/key_switch.h"

#include <algorithm>

#include "util/error.h"
#include "util/inline_vector.h"
#include "util/thread_pool.h"

namespace tacet {

GadgetProduct::GadgetProduct(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend)
    : ring_(ring), digits_(digits), key_(key), addend_(addend) {
  if (digits.q_limbs() > key.level + 1 || digits.digits() > key.digits) {
    fail(Code::kMissingKey, "the key of Galois element %u is for level %d, the operation is at level %d", key.galois,
         key.level, digits.q_limbs() - 1);
  }
}

void GadgetProduct::limb(int limb, u64* out0, u64* out1) const {
  const std::size_t n = ring_.n();
  const int q_limbs = digits_.q_limbs();
  const bool chain = limb < q_limbs;  // P is zero modulo the special primes: nothing is added there
  const Modulus& q = ring_.modulus(ring_.index_of(limb, q_limbs));
  const int key_limb = chain ? limb : key_.level + 1 + (limb - q_limbs);  // a higher key's limbs in between are unused
  const bool product = chain && addend_.x != nullptr;

  const std::size_t digits = digits_.digits();
  const std::size_t stride = limb_stride(n);
  Buffer scratch((digits + 2) * stride);
  InlineVector<const u64*> digit, a, b0, b1;
  for (std::size_t j = 0; j < digits; ++j) digit.push_back(digits_.digit(j, limb, scratch.data() + j * stride));
  const u64 p = chain ? ring_.special_mod(limb) : 0;
  if (product) {
    for (std::size_t i = 0; i < 2; ++i) {
      u64* raised = scratch.data() + (digits + i) * stride;
      kernels().multiply_constant(raised, addend_.x[i].limb(limb), p, shoup(p, q.value), n, q.value);
      a.push_back(raised);
    }
    b0.push_back(addend_.y[0].limb(limb));
    b1.push_back(addend_.y[1].limb(limb));
    b0.push_back(nullptr);
    b1.push_back(addend_.y[0].limb(limb));
  }
  PairTerms terms;
  terms.digits = digits;
  terms.digit = digit.data();
  terms.key = key_.limb(key_limb);
  terms.key_digits = key_.digits;
  terms.count = a.size();
  terms.a = a.data();
  terms.b0 = b0.data();
  terms.b1 = b1.data();
  terms.c0 = chain && addend_.c0 != nullptr ? addend_.c0->limb(limb) : nullptr;
  terms.c1 = chain && addend_.c1 != nullptr ? addend_.c1->limb(limb) : nullptr;
  terms.w = p;
  kernels().inner_product_pair(out0, out1, terms, n, q);
}

RaisedPair switch_key(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend,
                      bool rescale) {
  const std::size_t stride = limb_stride(ring.n());
  const int q_limbs = digits.q_limbs();
  const GadgetProduct product(ring, digits, key, addend);
  Remainders remainders(ring, rescale ? Divisor::kSpecialAndLast : Divisor::kSpecial, q_limbs, 2);
  const std::size_t limbs = static_cast<std::size_t>(remainders.quotient_limbs());
  // Nothing can be divided before the remainders are known: chain limbs' products keep the threads that are left busy till then.
  const std::size_t threads = pool().size();
  const std::size_t early = std::min(limbs, (threads - remainders.size() % threads) % threads);
  Buffer early_products(early * 2 * stride);
  pool().parallel_for(remainders.size() + early, [&](std::size_t i) {
    if (i >= remainders.size()) {
      u64* half0 = early_products.data() + (i - remainders.size()) * 2 * stride;
      product.limb(static_cast<int>(i - remainders.size()), half0, half0 + stride);
      return;
    }
    const int index = remainders.index(i);
    const int limb = index < ring.chain_length() ? index : q_limbs + (index - ring.chain_length());
    product.limb(limb, remainders.limb(0, i), remainders.limb(1, i));
    remainders.invert(0, i);
    remainders.invert(1, i);
  });
  remainders.finish();

  const u32* permutation = key.permutation.empty() ? nullptr : key.permutation.data();
  RaisedPair out{Poly<Eval>(ring.n(), remainders.quotient_limbs()), Poly<Eval>(ring.n(), remainders.quotient_limbs())};
  pool().parallel_for(limbs, [&](std::size_t task) {  // the shorter tasks come last
    const std::size_t i = (task + early) % limbs;
    const int limb = static_cast<int>(i);
    Buffer scratch(3 * stride);
    const bool done = i < early;
    u64* half0 = done ? early_products.data() + i * 2 * stride : scratch.data();
    u64* half1 = half0 + stride;
    u64* remainder = scratch.data() + 2 * stride;
    if (!done) product.limb(limb, half0, half1);
    remainders.divide(out.c0.limb(limb), half0, 0, limb, permutation, remainder);
    remainders.divide(out.c1.limb(limb), half1, 1, limb, permutation, remainder);
  });
  return out;
}

}  // namespace tacet
