// SPDX-License-Identifier: Apache-2.0
#include "ring/mod_switch.h"

#include <algorithm>
#include <cstring>

#include "ring/transform.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

/// Pointers to the limbs of a scratch polynomial.
template <class Domain>
std::vector<u64*> limb_pointers(Poly<Domain>& x) {
  std::vector<u64*> pointers;
  for (int i = 0; i < x.limbs(); ++i) pointers.push_back(x.limb(i));
  return pointers;
}

/// Scratch of one conversion: y_0.., v (see BasisConversion), filled from the coefficient limbs first..first+size-1 of
/// x. The blocks of coefficients run in parallel.
Poly<Coeff> prepared(const BasisConversion& conversion, const u64* const* source, std::size_t n) {
  Poly<Coeff> scratch(n, static_cast<int>(conversion.size()) + 1);
  const std::vector<u64*> limbs = limb_pointers(scratch);
  const std::size_t blocks = std::min<std::size_t>(pool().size(), n / 16);
  const std::size_t block = n / (blocks == 0 ? 1 : (std::size_t{1} << (63 - __builtin_clzll(blocks))));
  pool().parallel_for(n / block, [&](std::size_t b) {
    std::vector<u64*> out;
    std::vector<const u64*> in;
    for (u64* limb : limbs) out.push_back(limb + b * block);
    for (std::size_t i = 0; i < conversion.size(); ++i) in.push_back(source[i] + b * block);
    conversion.prepare(out.data(), in.data(), block);
  });
  return scratch;
}

}  // namespace

std::vector<Poly<Eval>> decompose(const Ring& ring, const Poly<Eval>& x) {
  const std::size_t n = ring.n();
  const int q_limbs = x.q_limbs();
  const int limbs = q_limbs + ring.special_count();
  const int digits = ring.digits(q_limbs - 1);
  const Poly<Coeff> coefficients = to_coeff(ring, x);

  std::vector<Poly<Eval>> out;
  std::vector<Poly<Coeff>> scratch;
  for (int j = 0; j < digits; ++j) {
    const int first = j * ring.digit_size();
    const int size = std::min(ring.digit_size(), q_limbs - first);
    std::vector<const u64*> source;
    for (int i = 0; i < size; ++i) source.push_back(coefficients.limb(first + i));
    scratch.push_back(prepared(ring.digit_conversion(j, size), source.data(), n));
    out.emplace_back(n, q_limbs, ring.special_count());
  }
  pool().parallel_for(static_cast<std::size_t>(digits * limbs), [&](std::size_t task) {
    const int j = static_cast<int>(task) / limbs;
    const int limb = static_cast<int>(task) % limbs;
    const int first = j * ring.digit_size();
    const int size = std::min(ring.digit_size(), q_limbs - first);
    Poly<Eval>& digit = out[static_cast<std::size_t>(j)];
    if (limb >= first && limb < first + size) {  // a lift does not change the residue modulo the digit's own primes
      std::memcpy(digit.limb(limb), x.limb(limb), n * sizeof(u64));
      return;
    }
    const int index = ring.index_of(limb, q_limbs);
    const std::vector<u64*> prepared_limbs = limb_pointers(scratch[static_cast<std::size_t>(j)]);
    ring.digit_conversion(j, size).convert(digit.limb(limb), prepared_limbs.data(), n, index, ring.modulus(index));
    kernels().ntt_forward(digit.limb(limb), ring.ntt(index));
  });
  return out;
}

Poly<Eval> mod_down(const Ring& ring, Poly<Eval> x) {
  const std::size_t n = ring.n();
  const int q_limbs = x.q_limbs();
  if (x.p_limbs() != ring.special_count()) {
    fail(Code::kInternal, "modDown of %d special limbs, the ring has %d", x.p_limbs(), ring.special_count());
  }
  if (x.p_limbs() == 0) return x;
  pool().parallel_for(static_cast<std::size_t>(x.p_limbs()), [&](std::size_t t) {
    const int limb = q_limbs + static_cast<int>(t);
    kernels().ntt_inverse(x.limb(limb), ring.ntt(ring.index_of(limb, q_limbs)));
  });
  std::vector<const u64*> source;
  for (int t = 0; t < x.p_limbs(); ++t) source.push_back(x.limb(q_limbs + t));
  Poly<Coeff> scratch = prepared(ring.special_conversion(), source.data(), n);
  const std::vector<u64*> prepared_limbs = limb_pointers(scratch);
  Poly<Eval> out(n, q_limbs);
  pool().parallel_for(static_cast<std::size_t>(q_limbs), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const u64 q = ring.modulus(limb).value;
    const u64 inverse = ring.special_inverse(limb);
    u64* remainder = out.limb(limb);
    ring.special_conversion().convert(remainder, prepared_limbs.data(), n, limb, ring.modulus(limb));
    kernels().ntt_forward(remainder, ring.ntt(limb));
    kernels().subtract_multiply_constant(remainder, x.limb(limb), remainder, inverse, shoup(inverse, q), n, q);
  });
  return out;
}

Poly<Eval> divide_by_last(const Ring& ring, const Poly<Eval>& x) {
  const std::size_t n = ring.n();
  const int last = x.q_limbs() - 1;
  if (last < 1 || x.p_limbs() != 0)
    fail(Code::kInternal, "rescale of %d chain and %d special limbs", x.q_limbs(), x.p_limbs());
  const u64 divisor = ring.modulus(last).value;
  const u64 half = divisor / 2;
  Buffer remainder(n);
  std::memcpy(remainder.data(), x.limb(last), n * sizeof(u64));
  kernels().ntt_inverse(remainder.data(), ring.ntt(last));
  // Adding half before the division and subtracting it after makes floor division round.
  for (std::size_t i = 0; i < n; ++i) remainder.data()[i] = add_mod(remainder.data()[i], half, divisor);
  Poly<Eval> out(n, last);
  pool().parallel_for(static_cast<std::size_t>(last), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus modulus = ring.modulus(limb);
    const u64 q = modulus.value;
    const u64 minus_half = negate_mod(modulus.reduce(half), q);
    const u64 inverse = ring.prime_inverse(last, limb);
    u64* centred = out.limb(limb);
    const u64* from = remainder.data();
    for (std::size_t k = 0; k < n; ++k)
      centred[k] = modulus.reduce(from[k]) + minus_half;  // below 2q: the transform takes 4q
    kernels().ntt_forward(centred, ring.ntt(limb));
    kernels().subtract_multiply_constant(centred, x.limb(limb), centred, inverse, shoup(inverse, q), n, q);
  });
  return out;
}

}  // namespace tacet
