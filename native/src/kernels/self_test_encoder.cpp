// SPDX-License-Identifier: Apache-2.0
// The encoder's entries: transforms bit for bit against the scalar table, the rest against definitions.
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/self_test.h"

namespace tacet::selftest {
namespace {

constexpr std::size_t kN = 75;  // whole vectors and a rest

bool same_bits(const std::vector<double>& a, const std::vector<double>& b) {
  return std::memcmp(a.data(), b.data(), a.size() * sizeof(double)) == 0;
}

std::vector<double> fractions(u64 seed, std::size_t n) {
  Words words{seed};
  std::vector<double> out(n);
  for (double& x : out) x = std::ldexp(static_cast<double>(static_cast<i64>(words.next())), -63);
  return out;
}

void test_slot_transforms(const Kernels& table, u64 q) {
  for (int log_slots : {3, 4, 6, 7, 8}) {
    const std::size_t slots = std::size_t{1} << log_slots;
    const std::vector<double> cosines = fractions(81, slots), sines = fractions(82, slots);
    const SlotTable turns{slots, log_slots, cosines.data(), sines.data()};
    std::vector<double> real = fractions(83, slots), imaginary = fractions(84, slots);
    std::vector<double> expected_real = real, expected_imaginary = imaginary;
    table.slots_to_coefficients(real.data(), imaginary.data(), turns);
    scalar_kernels().slots_to_coefficients(expected_real.data(), expected_imaginary.data(), turns);
    expect(same_bits(real, expected_real) && same_bits(imaginary, expected_imaginary), table, "slots_to_coefficients",
           q);
    table.coefficients_to_slots(real.data(), imaginary.data(), turns);
    scalar_kernels().coefficients_to_slots(expected_real.data(), expected_imaginary.data(), turns);
    expect(same_bits(real, expected_real) && same_bits(imaginary, expected_imaginary), table, "coefficients_to_slots",
           q);
  }
}

/// A map whose slots have 0 to 4 entries, on rows of vectors and of others.
void test_sparse_product(const Kernels& table, u64 q) {
  constexpr std::size_t kPeriod = 16, kSlots = 32;
  std::vector<u32> starts(1, 0), offsets;
  for (u32 s = 0; s < kPeriod; ++s) {
    for (u32 e = 0; e < s % 5; ++e) offsets.push_back(7 * s + 11 * e);
    starts.push_back(static_cast<u32>(offsets.size()));
  }
  const std::vector<double> values = fractions(88, offsets.size());
  const SparseMapView map{kPeriod, starts.data(), offsets.data(), values.data()};
  for (const std::size_t rows : {1, 4, 8, 16, 32, 64}) {
    const std::vector<double> x = fractions(89, kSlots * rows);
    std::vector<double> out(kSlots * rows), expected(kSlots * rows);
    table.sparse_product(out.data(), kSlots, x.data(), kSlots, map, rows);
    scalar_kernels().sparse_product(expected.data(), kSlots, x.data(), kSlots, map, rows);
    expect(same_bits(out, expected), table, "sparse_product", q);
  }
}

void test_recombination(const Kernels& table, const Modulus& m) {
  const Modulus moduli[] = {m, Modulus(97)};
  const u64 inverse = pow_mod(97, m.value - 2, m), companion = shoup(inverse, m.value);
  const u64 inverses[] = {0, inverse, 0, 0}, companions[] = {0, companion, 0, 0};
  const MixedRadix radix{2, moduli, inverses, companions, 0.5};
  const Buffer low = words_below(m.value, 86, kN), high = words_below(97, 87, kN);
  const u64* limbs[] = {low.data(), high.data()};
  std::vector<double> out(kN);
  table.recombine(out.data(), limbs, radix, kN);
  for (std::size_t k = 0; k < kN; ++k) {
    // the number is d_1 + 97 d_0, d_1 the balanced remainder modulo 97
    const i64 d1 = high.data()[k] > 48 ? static_cast<i64>(high.data()[k]) - 97 : static_cast<i64>(high.data()[k]);
    const i128 rest = static_cast<i128>(low.data()[k]) - d1;
    const i128 q = m.value;
    i64 d0 = static_cast<i64>((rest % q + q) % q * inverse % q);
    if (d0 > static_cast<i64>(m.value / 2)) d0 -= static_cast<i64>(m.value);
    const double expected = static_cast<double>(d0) * 0.5 * 97 + static_cast<double>(d1) * 0.5;
    expect(out[k] == expected, table, "recombine", m.value);
  }
}

}  // namespace

void test_encoder(const Kernels& table, const Modulus& m) {
  const u64 q = m.value;
  test_slot_transforms(table, q);
  test_sparse_product(table, q);
  test_recombination(table, m);

  std::vector<double> x = fractions(85, kN);
  double most = 0;
  for (double v : x) most = std::fmax(most, std::fabs(v));
  u64 bits = 0;
  std::memcpy(&bits, &most, sizeof bits);
  expect(table.largest_magnitude(x.data(), kN) == bits, table, "largest_magnitude", q);

  x[1] = 2.5 / 1024;
  x[2] = std::ldexp(1.0, 50);
  std::vector<i64> integers(kN);
  table.round_to_integers(integers.data(), x.data(), 1024.0, kN);
  for (std::size_t i = 0; i < kN; ++i) expect(integers[i] == std::llrint(x[i] * 1024.0), table, "round_to_integers", q);

  Words words{88};
  for (i64& v : integers) v = static_cast<i64>(words.next()) >> 3;
  Buffer residues(kN);
  table.integer_residues(residues.data(), integers.data(), kN, m);
  for (std::size_t i = 0; i < kN; ++i) {
    const i64 r = integers[i] % static_cast<i64>(q);
    expect(residues.data()[i] == static_cast<u64>(r < 0 ? r + static_cast<i64>(q) : r), table, "integer_residues", q);
  }

  const std::vector<double> before = x;
  table.divide_scale(x.data(), 1.25, 8.0, kN);
  for (std::size_t i = 0; i < kN; ++i) expect(x[i] == before[i] / 1.25 * 8.0, table, "divide_scale", q);
}

}  // namespace tacet::selftest
