// SPDX-License-Identifier: Apache-2.0
#include "rlwe/key_switch.h"

#include <algorithm>

#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

LimbDigits::LimbDigits(const Decomposition& digits, int limb) : words_(digits.lifted() ? 0 : digits.digits() * limb_stride(digits.n())) {
  for (std::size_t j = 0; j < digits.digits(); ++j) {
    digit_.push_back(digits.digit(j, limb, words_.data() + (digits.lifted() ? 0 : j * limb_stride(digits.n()))));
  }
}

GadgetProduct::GadgetProduct(const Ring& ring, const Decomposition& digits, const EvaluationKey& key, const Addend& addend)
    : ring_(ring), q_limbs_(digits.q_limbs()), key_(key), addend_(addend) {
  if (digits.q_limbs() > key.level + 1 || digits.digits() > key.digits) {
    fail(Code::kMissingKey, "the key of Galois element %u is for level %d, the operation is at level %d", key.galois,
         key.level, digits.q_limbs() - 1);
  }
}

PairTerms GadgetProduct::row(int limb, const LimbDigits& digits, std::size_t start) const {
  const bool chain = limb < q_limbs_;  // P is zero modulo the special primes: nothing is added there
  const int key_limb = chain ? limb : key_.level + 1 + (limb - q_limbs_);  // a higher key's limbs in between are unused
  PairTerms terms;
  terms.digits = digits.size();
  terms.digit = digits.data();
  terms.key = key_.limb(key_limb) + 2 * key_.digits * start;
  terms.key_digits = key_.digits;
  terms.c0 = chain && addend_.c0 != nullptr ? addend_.c0->limb(limb) : nullptr;
  terms.c1 = chain && addend_.c1 != nullptr ? addend_.c1->limb(limb) : nullptr;
  terms.w = chain ? ring_.special_mod(limb) : 0;
  terms.permutation = key_.permutation.empty() ? nullptr : key_.permutation.data() + start;
  return terms;
}

void GadgetProduct::limb(int limb, const LimbDigits& digits, u64* out0, u64* out1) const {
  const std::size_t n = ring_.n();
  const Modulus& q = ring_.modulus(ring_.index_of(limb, q_limbs_));
  PairTerms terms = row(limb, digits, 0);
  terms.out0 = out0;
  terms.out1 = out1;
  if (limb >= q_limbs_ || addend_.x == nullptr) return kernels().inner_product_pairs(&terms, 1, n, q);
  Buffer raised(2 * limb_stride(n));
  const u64* a[2];
  for (std::size_t i = 0; i < 2; ++i) {
    u64* to = raised.data() + i * limb_stride(n);
    kernels().multiply_constant(to, addend_.x[i].limb(limb), terms.w, shoup(terms.w, q.value), n, q.value);
    a[i] = to;
  }
  const u64* const b0[] = {addend_.y[0].limb(limb), nullptr};
  const u64* const b1[] = {addend_.y[1].limb(limb), addend_.y[0].limb(limb)};
  terms.count = 2;
  terms.a = a;
  terms.b0 = b0;
  terms.b1 = b1;
  kernels().inner_product_pairs(&terms, 1, n, q);
}

std::vector<RaisedPair> switch_keys(const Ring& ring, const Decomposition& digits,
                                    const std::vector<const EvaluationKey*>& keys, const Addend& addend, bool rescale) {
  const std::size_t stride = limb_stride(ring.n());
  const std::size_t count = keys.size();
  const int q_limbs = digits.q_limbs();
  std::vector<GadgetProduct> products;
  for (const EvaluationKey* key : keys) products.emplace_back(ring, digits, *key, addend);
  Remainders remainders(ring, rescale ? Divisor::kSpecialAndLast : Divisor::kSpecial, q_limbs, 2 * count);
  const std::size_t limbs = static_cast<std::size_t>(remainders.quotient_limbs());
  // Nothing can be divided before the remainders are known: chain limbs' products keep the threads that are left busy till then.
  const std::size_t threads = pool().size();
  const std::size_t early = std::min(limbs, (threads - remainders.size() % threads) % threads);
  Buffer early_products(early * count * 2 * stride);
  const auto early_half = [&](std::size_t limb, std::size_t k) { return early_products.data() + (limb * count + k) * 2 * stride; };
  pool().parallel_for(remainders.size() + early, [&](std::size_t i) {
    if (i >= remainders.size()) {
      const std::size_t limb = i - remainders.size();
      const LimbDigits of_limb(digits, static_cast<int>(limb));
      for (std::size_t k = 0; k < count; ++k) {
        products[k].limb(static_cast<int>(limb), of_limb, early_half(limb, k), early_half(limb, k) + stride);
      }
      return;
    }
    const int index = remainders.index(i);
    const int limb = index < ring.chain_length() ? index : q_limbs + (index - ring.chain_length());
    const LimbDigits of_limb(digits, limb);
    for (std::size_t k = 0; k < count; ++k) {
      products[k].limb(limb, of_limb, remainders.limb(2 * k, i), remainders.limb(2 * k + 1, i));
      remainders.invert(2 * k, i);
      remainders.invert(2 * k + 1, i);
    }
  });
  remainders.finish();

  std::vector<RaisedPair> out;
  for (std::size_t k = 0; k < count; ++k) {
    out.push_back({Poly<Eval>(ring.n(), remainders.quotient_limbs()), Poly<Eval>(ring.n(), remainders.quotient_limbs())});
  }
  pool().parallel_for(limbs, [&](std::size_t task) {  // the shorter tasks come last
    const std::size_t i = (task + early) % limbs;
    const int limb = static_cast<int>(i);
    const auto divide = [&](std::size_t k, const u64* half0, const u64* half1) {
      remainders.divide(out[k].c0.limb(limb), half0, 2 * k, limb);
      remainders.divide(out[k].c1.limb(limb), half1, 2 * k + 1, limb);
    };
    if (i < early) {
      for (std::size_t k = 0; k < count; ++k) divide(k, early_half(i, k), early_half(i, k) + stride);
      return;
    }
    const LimbDigits of_limb(digits, limb);
    Buffer halves(2 * stride);
    for (std::size_t k = 0; k < count; ++k) {
      products[k].limb(limb, of_limb, halves.data(), halves.data() + stride);
      divide(k, halves.data(), halves.data() + stride);
    }
  });
  return out;
}

}  // namespace tacet
