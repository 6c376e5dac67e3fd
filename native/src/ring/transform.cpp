// SPDX-License-Identifier: Apache-2.0
#include "ring/transform.h"

#include <cstring>

#include "util/thread_pool.h"

namespace tacet {
namespace {

/// Calls body(limb, ring index) for each limb of x, in parallel.
template <class Domain, class Body>
void for_each_limb(const Ring& ring, const Poly<Domain>& x, const Body& body) {
  pool().parallel_for(static_cast<std::size_t>(x.limbs()), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    body(limb, ring.index_of(limb, x.q_limbs()));
  });
}

/// The limb of b that belongs to the same modulus as limb `limb` of a.
template <class Domain>
int matching_limb(const Poly<Domain>& a, const Poly<Domain>& b, int limb) {
  return limb < a.q_limbs() ? limb : b.q_limbs() + (limb - a.q_limbs());
}

}  // namespace

Poly<Eval> to_eval(const Ring& ring, Poly<Coeff> x) {
  for_each_limb(ring, x, [&](int limb, int index) { kernels().ntt_forward(x.limb(limb), ring.ntt(index)); });
  return std::move(x).template relabelled<Eval>();
}

Poly<Coeff> to_coeff(const Ring& ring, Poly<Eval> x) {
  for_each_limb(ring, x, [&](int limb, int index) { kernels().ntt_inverse(x.limb(limb), ring.ntt(index)); });
  return std::move(x).template relabelled<Coeff>();
}

Poly<Eval> first_limbs(const Ring& ring, const Poly<Eval>& a, int q_limbs) {
  constexpr std::size_t kWorthAWake = std::size_t{1} << 17;  // words; fewer are copied before another thread has started
  Poly<Eval> out(a.n(), q_limbs);
  const std::size_t words = static_cast<std::size_t>(q_limbs) * a.n();
  if (words < kWorthAWake) {
    std::memcpy(out.limb(0), a.limb(0), words * sizeof(u64));
    return out;
  }
  for_each_limb(ring, out, [&](int limb, int) { std::memcpy(out.limb(limb), a.limb(limb), a.n() * sizeof(u64)); });
  return out;
}

Poly<Eval> add(const Ring& ring, const Poly<Eval>& a, const Poly<Eval>& b) {
  Poly<Eval> out(a.n(), a.q_limbs(), a.p_limbs());
  for_each_limb(ring, out, [&](int limb, int index) {
    kernels().add(out.limb(limb), a.limb(limb), b.limb(matching_limb(a, b, limb)), a.n(), ring.modulus(index).value);
  });
  return out;
}

Poly<Eval> subtract(const Ring& ring, const Poly<Eval>& a, const Poly<Eval>& b) {
  Poly<Eval> out(a.n(), a.q_limbs(), a.p_limbs());
  for_each_limb(ring, out, [&](int limb, int index) {
    kernels().subtract(out.limb(limb), a.limb(limb), b.limb(matching_limb(a, b, limb)), a.n(), ring.modulus(index).value);
  });
  return out;
}

Poly<Eval> negate(const Ring& ring, const Poly<Eval>& a) {
  Poly<Eval> out(a.n(), a.q_limbs(), a.p_limbs());
  for_each_limb(ring, out, [&](int limb, int index) {
    kernels().negate(out.limb(limb), a.limb(limb), a.n(), ring.modulus(index).value);
  });
  return out;
}

template <class Domain>
void add_into(const Ring& ring, Poly<Domain>& a, const Poly<Domain>& b) {
  for_each_limb(ring, a, [&](int limb, int index) {
    kernels().add(a.limb(limb), a.limb(limb), b.limb(matching_limb(a, b, limb)), a.n(), ring.modulus(index).value);
  });
}

template <class Domain>
void subtract_from(const Ring& ring, Poly<Domain>& a, const Poly<Domain>& b) {
  for_each_limb(ring, a, [&](int limb, int index) {
    kernels().subtract(a.limb(limb), a.limb(limb), b.limb(matching_limb(a, b, limb)), a.n(), ring.modulus(index).value);
  });
}

template void add_into<Eval>(const Ring&, Poly<Eval>&, const Poly<Eval>&);
template void add_into<Coeff>(const Ring&, Poly<Coeff>&, const Poly<Coeff>&);
template void subtract_from<Eval>(const Ring&, Poly<Eval>&, const Poly<Eval>&);
template void subtract_from<Coeff>(const Ring&, Poly<Coeff>&, const Poly<Coeff>&);

Poly<Eval> multiply(const Ring& ring, const Poly<Eval>& a, const Poly<Eval>& b, int q_limbs) {
  Poly<Eval> out(a.n(), q_limbs);
  for_each_limb(ring, out, [&](int limb, int index) {
    kernels().multiply(out.limb(limb), a.limb(limb), b.limb(limb), a.n(), ring.modulus(index));
  });
  return out;
}

Poly<Eval> multiply_constants(const Ring& ring, const Poly<Eval>& a, const std::vector<u64>& residues) {
  Poly<Eval> out(a.n(), a.q_limbs(), a.p_limbs());
  for_each_limb(ring, out, [&](int limb, int index) {
    const u64 q = ring.modulus(index).value;
    const u64 w = residues[static_cast<std::size_t>(limb)];
    kernels().multiply_constant(out.limb(limb), a.limb(limb), w, shoup(w, q), a.n(), q);
  });
  return out;
}

Poly<Eval> linear_combination(const Ring& ring, const std::vector<const Poly<Eval>*>& x,
                              const std::vector<std::vector<u64>>& residues, int q_limbs) {
  Poly<Eval> out(ring.n(), q_limbs);
  for_each_limb(ring, out, [&](int limb, int index) {
    std::vector<const u64*> words;
    std::vector<u64> constants;
    for (std::size_t k = 0; k < x.size(); ++k) {
      words.push_back(x[k]->limb(limb));
      constants.push_back(residues[k][static_cast<std::size_t>(limb)]);
    }
    kernels().linear_combination(out.limb(limb), words.data(), constants.data(), x.size(), ring.n(), ring.modulus(index));
  });
  return out;
}

void multiply_by_i(const Ring& ring, Poly<Eval>& a) {
  // Word j is the value at psi^(2 brv(j) + 1), where X^(n/2) is psi^(n/2) in the first half of the words and its negative in the second.
  for_each_limb(ring, a, [&](int limb, int index) {
    const u64 q = ring.modulus(index).value, root = ring.ntt(index).roots[1];
    const std::size_t half = a.n() / 2;
    u64* const x = a.limb(limb);
    kernels().multiply_constant(x, x, root, shoup(root, q), half, q);
    kernels().multiply_constant(x + half, x + half, q - root, shoup(q - root, q), half, q);
  });
}

void add_constants(const Ring& ring, Poly<Eval>& a, const std::vector<u64>& residues) {
  for_each_limb(ring, a, [&](int limb, int index) {
    const u64 q = ring.modulus(index).value;
    const u64 w = residues[static_cast<std::size_t>(limb)];
    u64* x = a.limb(limb);
    for (std::size_t i = 0; i < a.n(); ++i) x[i] = add_mod(x[i], w, q);
  });
}

}  // namespace tacet
