// SPDX-License-Identifier: Apache-2.0
#include "rlwe/key_switch.h"

#include <algorithm>

#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

LimbDigits::LimbDigits(const Decomposition& digits, int limb) : words_(digits.lifted() ? 0 : digits.digits() * limb_stride(digits.n())) {
  for (std::size_t j = 0; j < digits.digits(); ++j) digit_.push_back(nullptr);
  pool().parallel_for(digits.digits(), [&](std::size_t j) {
    digit_[j] = digits.digit(j, limb, words_.data() + (digits.lifted() ? 0 : j * limb_stride(digits.n())));
  });
}

std::size_t limbs_one_by_one(const Decomposition& digits, std::size_t count) {
  const std::size_t threads = pool().size(), rest = count % threads;
  return 2 * rest <= std::min(threads, digits.digits()) ? count - rest : count;
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
  terms.key_bytes = kept_bytes(ring_.modulus(ring_.index_of(limb, q_limbs_)));
  terms.key = kept_at(key_.limb(key_limb), 2 * key_.digits * start, terms.key_bytes);
  terms.key_digits = key_.digits;
  terms.c0 = chain && addend_.c0 != nullptr ? addend_.c0->limb(limb) : nullptr;
  terms.c1 = chain && addend_.c1 != nullptr ? addend_.c1->limb(limb) : nullptr;
  terms.w = chain ? ring_.special_mod(limb) : 0;
  terms.permutation = key_.permutation.empty() ? nullptr : key_.permutation.data() + start;
  return terms;
}

void GadgetProduct::words(int limb, const LimbDigits& digits, std::size_t start, std::size_t count, u64* out0, u64* out1) const {
  const Modulus& q = ring_.modulus(ring_.index_of(limb, q_limbs_));
  PairTerms terms = row(limb, digits, start);
  terms.out0 = out0;
  terms.out1 = out1;
  InlineVector<const u64*> digit;
  if (terms.permutation == nullptr) {  // a permutation's entries count from the limb's first word
    for (std::size_t j = 0; j < terms.digits; ++j) digit.push_back(terms.digit[j] + start);
    terms.digit = digit.data();
    if (terms.c0 != nullptr) terms.c0 += start;
    if (terms.c1 != nullptr) terms.c1 += start;
  }
  if (limb >= q_limbs_ || addend_.x == nullptr) return kernels().inner_product_pairs(&terms, 1, count, q);
  const std::size_t stride = limb_stride(count);
  Buffer raised(2 * stride);
  const void* a[2];
  for (std::size_t i = 0; i < 2; ++i) {
    u64* to = raised.data() + i * stride;
    kernels().multiply_constant(to, addend_.x[i].limb(limb) + start, terms.w, shoup(terms.w, q.value), count, q.value);
    a[i] = to;
  }
  const u64* const y0 = addend_.y[0].limb(limb) + start;
  const u64* const b0[] = {y0, nullptr};
  const u64* const b1[] = {addend_.y[1].limb(limb) + start, y0};
  terms.count = 2;
  terms.a = a;
  terms.b0 = b0;
  terms.b1 = b1;
  kernels().inner_product_pairs(&terms, 1, count, q);
}

namespace {

/// The products of limbs with several keys. `limb_of(i)` is the limb of number i, `place(i, k, half, scratch)` where its product with
/// key k goes, which may be n words of scratch, and `use(i, k, half, words)` what is done with it.
template <class LimbOf, class Place, class Use>
void for_each_product(const Decomposition& digits, const std::vector<GadgetProduct>& products, std::size_t count, const LimbOf& limb_of,
                      const Place& place, const Use& use) {
  const std::size_t n = digits.n(), stride = limb_stride(n), keys = products.size();
  const std::size_t whole = limbs_one_by_one(digits, count);
  pool().parallel_for(whole, [&](std::size_t i) {
    const LimbDigits of_limb(digits, limb_of(i));
    Buffer scratch(2 * stride);
    for (std::size_t k = 0; k < keys; ++k) {
      u64* const out[] = {place(i, k, 0, scratch.data()), place(i, k, 1, scratch.data() + stride)};
      products[k].words(limb_of(i), of_limb, 0, n, out[0], out[1]);
      for (std::size_t half = 0; half < 2; ++half) use(i, k, half, out[half]);
    }
  });
  for (std::size_t i = whole; i < count; ++i) {
    const LimbDigits of_limb(digits, limb_of(i));
    Buffer scratch(2 * keys * stride);
    const auto out = [&](std::size_t k, std::size_t half) { return place(i, k, half, scratch.data() + (2 * k + half) * stride); };
    const std::size_t pieces = limb_pieces(n), words = n / pieces;
    pool().parallel_for(keys * pieces, [&](std::size_t task) {
      const std::size_t k = task / pieces, start = task % pieces * words;
      products[k].words(limb_of(i), of_limb, start, words, out(k, 0) + start, out(k, 1) + start);
    });
    pool().parallel_for(2 * keys, [&](std::size_t task) { use(i, task / 2, task % 2, out(task / 2, task % 2)); });
  }
}

}  // namespace

std::vector<RaisedPair> switch_keys(const Ring& ring, const Decomposition& digits,
                                    const std::vector<const EvaluationKey*>& keys, const Addend& addend, bool rescale) {
  const int q_limbs = digits.q_limbs();
  std::vector<GadgetProduct> products;
  for (const EvaluationKey* key : keys) products.emplace_back(ring, digits, *key, addend);
  Remainders remainders(ring, rescale ? Divisor::kSpecialAndLast : Divisor::kSpecial, q_limbs, 2 * keys.size());
  for_each_product(
      digits, products, remainders.size(),
      [&](std::size_t i) {
        const int index = remainders.index(i);
        return index < ring.chain_length() ? index : q_limbs + (index - ring.chain_length());
      },
      [&](std::size_t i, std::size_t k, std::size_t half, u64*) { return remainders.limb(2 * k + half, i); },
      [&](std::size_t i, std::size_t k, std::size_t half, u64*) { remainders.invert(2 * k + half, i); });
  remainders.finish();

  std::vector<RaisedPair> out;
  for (std::size_t k = 0; k < keys.size(); ++k) {
    out.push_back({Poly<Eval>(ring.n(), remainders.quotient_limbs()), Poly<Eval>(ring.n(), remainders.quotient_limbs())});
  }
  for_each_product(
      digits, products, static_cast<std::size_t>(remainders.quotient_limbs()), [](std::size_t i) { return static_cast<int>(i); },
      [](std::size_t, std::size_t, std::size_t, u64* scratch) { return scratch; },
      [&](std::size_t i, std::size_t k, std::size_t half, u64* words) {
        const int limb = static_cast<int>(i);
        remainders.divide((half == 0 ? out[k].c0 : out[k].c1).limb(limb), words, 2 * k + half, limb);
      });
  return out;
}

void rotate_and_add(const Ring& ring, const RaisedPair& total, const Poly<Eval>& c1, const RaisedPair& plus, const EvaluationKey& key,
                    RaisedPair& out) {
  const Decomposition digits(ring, c1);
  const GadgetProduct product(ring, digits, key, Addend());
  const auto add_words = [&](int limb, const LimbDigits& of_limb, std::size_t start, std::size_t words) {
    PairTerms terms = product.row(limb, of_limb, start);
    terms.c0 = total.c0.limb(limb);
    terms.w = 1;
    terms.plus0 = plus.c0.limb(limb) + start;
    terms.plus1 = plus.c1.limb(limb) + start;
    terms.out0 = out.c0.limb(limb) + start;
    terms.out1 = out.c1.limb(limb) + start;
    kernels().inner_product_pairs(&terms, 1, words, ring.modulus(ring.index_of(limb, digits.q_limbs())));
  };
  const std::size_t n = ring.n(), limbs = static_cast<std::size_t>(total.c0.limbs());
  const std::size_t whole = limbs_one_by_one(digits, limbs);
  pool().parallel_for(whole, [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    add_words(limb, LimbDigits(digits, limb), 0, n);
  });
  for (std::size_t i = whole; i < limbs; ++i) {
    const int limb = static_cast<int>(i);
    const LimbDigits of_limb(digits, limb);
    const std::size_t words = n / limb_pieces(n);
    pool().parallel_for(limb_pieces(n), [&](std::size_t piece) { add_words(limb, of_limb, piece * words, words); });
  }
}

void rotate_and_add(const Ring& ring, const RaisedPair& total, const RaisedPair& plus, const EvaluationKey& key, RaisedPair& out) {
  const std::vector<Poly<Eval>> c1 = mod_down(ring, {&total.c1});
  rotate_and_add(ring, total, c1.front(), plus, key, out);
}

}  // namespace tacet
