// SPDX-License-Identifier: Apache-2.0
#include "ring/mod_switch.h"

#include <cstring>

#include "util/error.h"
#include "util/inline_vector.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

const Ring::Conversion* conversion_of(const Ring& ring, Divisor divisor, int q_limbs) {
  switch (divisor) {
    case Divisor::kSpecial:
      return &ring.special_conversion();
    case Divisor::kLast:
      return &ring.rescale_conversion(q_limbs - 1);
    case Divisor::kSpecialAndLast:
      return &ring.special_rescale_conversion(q_limbs - 1);
  }
  fail(Code::kInternal, "divisor %d", static_cast<int>(divisor));
}

/// Calls body(i, start, words) for each i in [0, count) and each of the pieces of n words: more tasks than there are polynomials.
template <class Body>
void parallel_pieces(std::size_t count, std::size_t n, const Body& body) {
  const std::size_t pieces = n < 4096 ? 1 : 4;
  pool().parallel_for(count * pieces, [&](std::size_t task) {
    body(task / pieces, task % pieces * (n / pieces), n / pieces);
  });
}

/// The quotients of polynomials that have all their limbs.
std::vector<Poly<Eval>> quotients(const Ring& ring, Divisor divisor, const std::vector<const Poly<Eval>*>& x) {
  const std::size_t n = ring.n();
  const int q_limbs = x.front()->q_limbs();
  Remainders remainders(ring, divisor, q_limbs, x.size());
  pool().parallel_for(x.size() * remainders.size(), [&](std::size_t task) {
    const std::size_t which = task / remainders.size();
    const std::size_t i = task % remainders.size();
    const int index = remainders.index(i);
    const int limb = index < ring.chain_length() ? index : q_limbs + (index - ring.chain_length());
    std::memcpy(remainders.limb(which, i), x[which]->limb(limb), n * sizeof(u64));
    remainders.invert(which, i);
  });
  remainders.finish();
  std::vector<Poly<Eval>> out;
  for (std::size_t which = 0; which < x.size(); ++which) out.emplace_back(n, remainders.quotient_limbs());
  const std::size_t limbs = static_cast<std::size_t>(remainders.quotient_limbs());
  pool().parallel_for(x.size() * limbs, [&](std::size_t task) {
    const std::size_t which = task / limbs;
    const int limb = static_cast<int>(task % limbs);
    remainders.divide(out[which].limb(limb), x[which]->limb(limb), which, limb);
  });
  return out;
}

}  // namespace

Remainders::Remainders(const Ring& ring, Divisor divisor, int q_limbs, std::size_t count)
    : ring_(ring),
      divisor_(divisor),
      quotient_limbs_(divisor == Divisor::kSpecial ? q_limbs : q_limbs - 1),
      conversion_(conversion_of(ring, divisor, q_limbs)),
      count_(count),
      words_(count * conversion_->indexes.size() * limb_stride(ring.n())) {}

void Remainders::finish() {
  parallel_pieces(count_, ring_.n(), [&](std::size_t which, std::size_t start, std::size_t words) {
    InlineVector<u64*> limbs;
    for (std::size_t i = 0; i < size(); ++i) limbs.push_back(limb(which, i) + start);
    conversion_->basis.attach_overflow(limbs.data(), words);
  });
}

void Remainders::divide(u64* out, const u64* x, std::size_t which, int i) const {
  const Modulus& q = ring_.modulus(i);
  InlineVector<const u64*> limbs;
  for (std::size_t k = 0; k < size(); ++k) {
    limbs.push_back(words_.data() + (which * size() + k) * limb_stride(ring_.n()));
  }
  conversion_->basis.convert_lazily(out, limbs.data(), ring_.n(), i);
  u64 inverse = divisor_ == Divisor::kLast ? 1 : ring_.special_inverse(i);
  if (divisor_ != Divisor::kSpecial) inverse = mul_mod(inverse, ring_.prime_inverse(quotient_limbs_, i), q);
  kernels().ntt_forward_quotient(out, x, inverse, shoup(inverse, q.value), ring_.ntt(i));
}

Decomposition::Decomposition(const Ring& ring, const Poly<Eval>& x)
    : ring_(ring), x_(x), prepared_(static_cast<std::size_t>(x.q_limbs()) * limb_stride(ring.n())) {
  pool().parallel_for(static_cast<std::size_t>(q_limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const std::size_t j = i / static_cast<std::size_t>(ring.digit_size());
    std::memcpy(prepared(limb), x.limb(limb), ring.n() * sizeof(u64));
    kernels().ntt_inverse(prepared(limb), conversion(j).to_prepared[static_cast<std::size_t>(limb - first(j))]);
  });
  parallel_pieces(digits(), ring.n(), [&](std::size_t j, std::size_t start, std::size_t words) {
    InlineVector<u64*> limbs;
    for (int i = 0; i < size(j); ++i) limbs.push_back(prepared(first(j) + i) + start);
    conversion(j).basis.attach_overflow(limbs.data(), words);
  });
}

void Decomposition::convert(u64* out, std::size_t j, int limb) const {
  const int index = ring_.index_of(limb, q_limbs());
  InlineVector<const u64*> limbs;
  for (int i = 0; i < size(j); ++i) limbs.push_back(prepared(first(j) + i));
  conversion(j).basis.convert_lazily(out, limbs.data(), ring_.n(), index);
  kernels().ntt_forward(out, ring_.ntt(index));
}

const u64* Decomposition::digit(std::size_t j, int limb, u64* scratch) const {
  // a lift does not change the residue modulo the digit's own primes
  if (owns(j, limb)) return x_.limb(limb);
  if (lifted()) return lifted_.data() + lifted_at(j, limb);
  convert(scratch, j, limb);
  return scratch;
}

void Decomposition::lift() {
  const std::size_t limbs = static_cast<std::size_t>(q_limbs() + p_limbs());
  Buffer lifted(digits() * limbs * limb_stride(ring_.n()));
  pool().parallel_for(digits() * limbs, [&](std::size_t task) {
    const std::size_t j = task % digits();
    const int limb = static_cast<int>(task / digits());
    if (!owns(j, limb)) convert(lifted.data() + lifted_at(j, limb), j, limb);
  });
  lifted_ = std::move(lifted);
}

namespace {

void require_special(const Ring& ring, const std::vector<const Poly<Eval>*>& x) {
  for (const Poly<Eval>* each : x) {
    if (each->p_limbs() != ring.special_count()) {
      fail(Code::kInternal, "modDown of %d special limbs, the ring has %d", each->p_limbs(), ring.special_count());
    }
  }
}

}  // namespace

std::vector<Poly<Eval>> mod_down(const Ring& ring, const std::vector<const Poly<Eval>*>& x) {
  require_special(ring, x);
  if (ring.special_count() == 0) {
    std::vector<Poly<Eval>> copies;
    for (const Poly<Eval>* each : x) copies.push_back(*each);
    return copies;
  }
  return quotients(ring, Divisor::kSpecial, x);
}

std::vector<Poly<Eval>> mod_down_and_rescale(const Ring& ring, const std::vector<const Poly<Eval>*>& x) {
  require_special(ring, x);
  for (const Poly<Eval>* each : x) {
    if (each->q_limbs() < 2) fail(Code::kInternal, "rescale of %d chain limbs", each->q_limbs());
  }
  return quotients(ring, ring.special_count() == 0 ? Divisor::kLast : Divisor::kSpecialAndLast, x);
}

std::vector<Poly<Eval>> divide_by_last(const Ring& ring, const std::vector<Poly<Eval>>& x) {
  std::vector<const Poly<Eval>*> dividends;
  for (const Poly<Eval>& each : x) {
    if (each.q_limbs() < 2 || each.p_limbs() != 0) {
      fail(Code::kInternal, "rescale of %d chain and %d special limbs", each.q_limbs(), each.p_limbs());
    }
    dividends.push_back(&each);
  }
  return quotients(ring, Divisor::kLast, dividends);
}

}  // namespace tacet
