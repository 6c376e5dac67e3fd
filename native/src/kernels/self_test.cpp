// SPDX-License-Identifier: Apache-2.0
// Runs once per process before the first polynomial: a table that this machine computes wrongly must never see data.
#include <vector>

#include "kernels/kernels.h"
#include "kernels/ntt_tables.h"
#include "kernels/self_test.h"
#include "math/primes.h"

namespace tacet {

using namespace selftest;

namespace {

constexpr int kLogN = 6;
constexpr std::size_t kN = std::size_t{1} << kLogN;

/// The value of the polynomial with coefficients a at X = psi^(step brv(j) + 1), where the transform has it.
u64 value_at(const Buffer& a, RingType ring, u64 psi, std::size_t j, const Modulus& q) {
  const u64 step = ring == RingType::kStandard ? 2 : 4;
  const u64 point = pow_mod(psi, step * bit_reverse(static_cast<u32>(j), kLogN) + 1, q);
  const auto horner = [&](u64 at) {
    u64 value = 0;
    for (std::size_t i = kN; i-- > 0;) value = q.reduce(static_cast<u128>(value) * at + a.data()[i]);
    return value;
  };
  if (ring == RingType::kStandard) return horner(point);
  const u64 both = add_mod(horner(point), horner(inverse_mod(point, q)), q.value);
  return sub_mod(both, a.data()[0] % q.value, q.value);  // the coefficient of 1 counts once
}

void test_transform(const Kernels& table, const Modulus& q, RingType ring) {
  NttTable ntt;
  const Buffer owner = build_ntt_table(ntt, q, kLogN, ring);
  const u64 psi = primitive_root(q, root_order(ring, kN) / 2);
  Buffer x = words_below(4 * q.value, 11, kN);
  const Buffer original = x;
  table.ntt_forward(x.data(), ntt);
  for (std::size_t j = 0; j < kN; ++j) {
    expect(x.data()[j] == value_at(original, ring, psi, j, q), table, "ntt_forward", q.value);
  }
  table.ntt_inverse(x.data(), ntt);
  for (std::size_t i = 0; i < kN; ++i)
    expect(x.data()[i] == original.data()[i] % q.value, table, "ntt_inverse", q.value);
  Buffer lazy = words_below(2 * q.value, 12, kN);
  const Buffer lazy_original = lazy;
  table.ntt_inverse(lazy.data(), ntt);
  table.ntt_forward(lazy.data(), ntt);
  for (std::size_t i = 0; i < kN; ++i)
    expect(lazy.data()[i] == lazy_original.data()[i] % q.value, table, "ntt_inverse", q.value);
}

/// Degrees for which wide tables take other passes than for kN, against the scalar table.
void test_larger_transforms(const Kernels& table, const Modulus& q, RingType ring) {
  for (int log_n : {5, 7, 8, 9}) {
    if (q.value % root_order(ring, u64{1} << log_n) != 1) continue;
    NttTable ntt;
    const Buffer owner = build_ntt_table(ntt, q, log_n, ring);
    Buffer x = words_below(4 * q.value, 13, ntt.n);
    Buffer expected = x;
    table.ntt_forward(x.data(), ntt);
    scalar_kernels().ntt_forward(expected.data(), ntt);
    for (std::size_t i = 0; i < ntt.n; ++i) expect(x.data()[i] == expected.data()[i], table, "ntt_forward", q.value);
    const Buffer minuend = words_below(q.value, 15, ntt.n);
    const u64 w = q.value - 2;
    Buffer quotient = words_below(4 * q.value, 13, ntt.n);
    table.ntt_forward_quotient(quotient.data(), minuend.data(), w, shoup(w, q.value), ntt);
    for (std::size_t i = 0; i < ntt.n; ++i) {
      const u64 difference = sub_mod(minuend.data()[i], expected.data()[i], q.value);
      expect(quotient.data()[i] == mul_mod(difference, w, q), table, "ntt_forward_quotient", q.value);
    }
    x = words_below(2 * q.value, 14, ntt.n);
    expected = x;
    table.ntt_inverse(x.data(), ntt);
    scalar_kernels().ntt_inverse(expected.data(), ntt);
    for (std::size_t i = 0; i < ntt.n; ++i) expect(x.data()[i] == expected.data()[i], table, "ntt_inverse", q.value);
  }
}

void test_elementwise(const Kernels& table, const Modulus& m) {
  const u64 q = m.value;
  const Buffer a = words_below(q, 1, kN), b = words_below(q, 2, kN), c = words_below(q, 3, kN), a2 = words_below(2 * q, 4, kN);
  const Buffer any = words_below(~u64{0}, 5, kN), a62 = words_below(u64{1} << 62, 6, kN);
  Buffer out(kN);
  const auto check = [&](const char* entry, auto expected) {
    for (std::size_t i = 0; i < kN; ++i) expect(out.data()[i] == expected(i), table, entry, q);
  };
  const auto mod = [q](u128 x) { return static_cast<u64>(x % q); };
  table.add(out.data(), a.data(), b.data(), kN, q);
  check("add", [&](std::size_t i) { return mod(static_cast<u128>(a.data()[i]) + b.data()[i]); });
  table.subtract(out.data(), a.data(), b.data(), kN, q);
  check("subtract", [&](std::size_t i) { return mod(static_cast<u128>(a.data()[i]) + q - b.data()[i]); });
  table.negate(out.data(), a.data(), kN, q);
  check("negate", [&](std::size_t i) { return mod(static_cast<u128>(q) - a.data()[i]); });
  table.multiply(out.data(), a2.data(), b.data(), kN, m);
  check("multiply", [&](std::size_t i) { return mod(static_cast<u128>(a2.data()[i]) * b.data()[i]); });
  table.multiply_add(out.data(), a2.data(), b.data(), c.data(), kN, m);
  check("multiply_add",
        [&](std::size_t i) { return mod(static_cast<u128>(a2.data()[i]) * b.data()[i] + c.data()[i]); });
  table.subtract_product(out.data(), c.data(), a2.data(), b.data(), kN, m);
  check("subtract_product",
        [&](std::size_t i) { return mod(static_cast<u128>(a2.data()[i]) * (q - b.data()[i]) + c.data()[i]); });
  const u64 w = q - 1;
  table.multiply_constant(out.data(), any.data(), w, shoup(w, q), kN, q);
  check("multiply_constant", [&](std::size_t i) { return mod(static_cast<u128>(any.data()[i]) * w); });
  table.subtract_multiply_constant(out.data(), a.data(), b.data(), w, shoup(w, q), kN, q);
  check("subtract_multiply_constant",
        [&](std::size_t i) { return mod(static_cast<u128>(a.data()[i] + q - b.data()[i]) * w); });
  table.reduce(out.data(), a62.data(), kN, m);
  check("reduce", [&](std::size_t i) { return a62.data()[i] % q; });
  std::vector<u32> permutation(kN);
  for (std::size_t i = 0; i < kN; ++i) permutation[i] = static_cast<u32>((5 * i + 3) % kN);
  table.gather(out.data(), a.data(), permutation.data(), kN);
  check("gather", [&](std::size_t i) { return a.data()[permutation[i]]; });
}

void test_sums(const Kernels& table, const Modulus& m) {
  constexpr std::size_t kTerms = 5;
  const u64 q = m.value;
  std::vector<Buffer> xs, ys;
  std::vector<const u64*> x, y;
  std::vector<u64> c;
  std::vector<Modulus> moduli(kTerms, m);
  for (std::size_t k = 0; k < kTerms; ++k) {
    xs.push_back(words_below(q, 20 + k, kN));
    ys.push_back(words_below(q, 40 + k, kN));
    c.push_back(ys[k].data()[k + 1]);
  }
  for (std::size_t k = 0; k < kTerms; ++k) {
    x.push_back(xs[k].data());
    y.push_back(ys[k].data());
  }
  Buffer out(kN);
  table.inner_product(out.data(), x.data(), y.data(), kTerms, kN, m);
  for (std::size_t i = 0; i < kN; ++i) {
    u64 sum = 0;
    for (std::size_t k = 0; k < kTerms; ++k)
      sum = (sum + static_cast<u64>(static_cast<u128>(x[k][i]) * y[k][i] % q)) % q;
    expect(out.data()[i] == sum, table, "inner_product", q);
  }
  table.linear_combination(out.data(), x.data(), c.data(), kTerms, kN, m);
  for (std::size_t i = 0; i < kN; ++i) {
    u64 sum = 0;
    for (std::size_t k = 0; k < kTerms; ++k) sum = (sum + static_cast<u64>(static_cast<u128>(x[k][i]) * c[k] % q)) % q;
    expect(out.data()[i] == sum, table, "linear_combination", q);
  }
  table.overflow_count(out.data(), x.data(), moduli.data(), kTerms, kN);
  for (std::size_t i = 0; i < kN; ++i) {
    u64 sum = 0;
    for (std::size_t k = 0; k < kTerms; ++k) sum += x[k][i];
    expect(out.data()[i] == (2 * sum + q) / (2 * q), table, "overflow_count", q);
  }
}

}  // namespace

void self_test(const Kernels& table) {
  // A small prime, and the largest ones that are 1 mod 1024 below 2^48 and 2^50: the ends of the ranges that tables treat alike.
  for (u64 prime : {u64{7681}, u64{281474976694273}, u64{1125899906826241}}) {
    const Modulus q(prime);
    for (RingType ring : {RingType::kStandard, RingType::kConjugateInvariant}) {
      test_transform(table, q, ring);
      test_larger_transforms(table, q, ring);
    }
    test_elementwise(table, q);
    test_sums(table, q);
    test_samplers(table, q);
    test_matrix_products(table, q);
    test_key_switch(table, q);
    test_encoder(table, q);
  }
}

}  // namespace tacet
