// SPDX-License-Identifier: Apache-2.0
// Every kernel table that this machine runs against the scalar one, in both rings: the input chooses entries, degree, ring, prime
// and operands.

#include <algorithm>
#include <cmath>
#include <cstring>

#include "fuzz_support.h"
#include "kernels/kernels.h"
#include "kernels/ntt_tables.h"
#include "math/primes.h"

namespace tacet {
namespace {

/// Words from the input, and when it is used up from a generator that its first bytes start.
class Source {
 public:
  Source(const u8* data, std::size_t size) : data_(data), size_(size) {
    std::memcpy(&state_, data, size < sizeof state_ ? size : sizeof state_);
  }
  u64 next() {
    u64 word = 0;
    if (size_ >= sizeof word) {
      std::memcpy(&word, data_, sizeof word);
      data_ += sizeof word;
      size_ -= sizeof word;
      return word;
    }
    word = (state_ += 0x9e3779b97f4a7c15ULL);
    word = (word ^ (word >> 30)) * 0xbf58476d1ce4e5b9ULL;
    word = (word ^ (word >> 27)) * 0x94d049bb133111ebULL;
    return word ^ (word >> 31);
  }
  /// A quarter of the words are at an edge.
  u64 below(u64 bound) {
    const u64 word = next();
    return word % 8 == 0 ? bound - 1 : word % 8 == 1 ? 0 : (word >> 3) % bound;
  }
  Buffer words(std::size_t n, u64 bound) {
    Buffer out(n);
    for (std::size_t i = 0; i < n; ++i) out.data()[i] = below(bound);
    return out;
  }
  std::vector<double> numbers(std::size_t n, int exponents) {
    std::vector<double> out(n);
    for (double& x : out) {
      const int exponent = static_cast<int>(below(static_cast<u64>(exponents) + 1));
      x = std::ldexp(static_cast<double>(static_cast<i64>(next())), exponent - 63);
    }
    return out;
  }

 private:
  const u8* data_;
  std::size_t size_;
  u64 state_ = 0;
};

struct Modulo {
  Modulus q;
  NttTable ntt;
  Buffer owner;
};

constexpr std::size_t kPrimes = 6, kDegrees = 5, kRings = 2;

/// Primes that are 1 modulo 1024 at the ends of the ranges that tables tell apart, with transforms of degree 2^4..2^8 in both rings.
std::vector<Modulo> all_moduli() {
  std::vector<Modulo> made;
  for (const int bits : {14, 18, 33, 45, 48, 50}) {
    u64 q = (u64{1} << bits) - 1023;
    while (!is_prime(q)) q -= 1024;
    for (int degree = 4; degree <= 8; ++degree) {
      for (const RingType ring : {RingType::kStandard, RingType::kConjugateInvariant}) {
        made.emplace_back();
        made.back().q = Modulus(q);
        made.back().owner = build_ntt_table(made.back().ntt, made.back().q, degree, ring);
      }
    }
  }
  return made;
}

/// `shape` chooses degree and ring.
const Modulo& modulo(std::size_t prime, std::size_t shape) {
  static const std::vector<Modulo> all = all_moduli();
  return all[(prime % kPrimes * kDegrees + shape % kDegrees) * kRings + shape / kDegrees % kRings];
}

template <class T>
void same(const T* a, const T* b, std::size_t n, const char* entry) {
  if (n != 0 && std::memcmp(a, b, n * sizeof(T)) != 0) fuzz::broken(entry);
}

/// Runs `body(table, out)` with the table and with the scalar one; both must write the same n words.
template <class Body>
void compare(const Kernels& table, std::size_t n, const char* entry, const Body& body) {
  Buffer out(n), expected(n);
  std::memset(out.data(), 0, n * sizeof(u64));
  std::memset(expected.data(), 0, n * sizeof(u64));
  body(table, out.data());
  body(scalar_kernels(), expected.data());
  same(out.data(), expected.data(), n, entry);
}

void transforms(const Kernels& table, Source& source, const Modulo& m) {
  const u64 q = m.q.value;
  const Buffer wide = source.words(m.ntt.n, 4 * q), lazy = source.words(m.ntt.n, 2 * q);
  const auto copied = [&](const Buffer& x, u64* out) { std::memcpy(out, x.data(), m.ntt.n * sizeof(u64)); };
  compare(table, m.ntt.n, "ntt_forward",
          [&](const Kernels& k, u64* out) { copied(wide, out), k.ntt_forward(out, m.ntt); });
  const Buffer minuend = source.words(m.ntt.n, q);
  const u64 w = source.below(q);
  compare(table, m.ntt.n, "ntt_forward_quotient", [&](const Kernels& k, u64* out) {
    copied(wide, out), k.ntt_forward_quotient(out, minuend.data(), w, shoup(w, q), m.ntt);
  });
  compare(table, m.ntt.n, "ntt_inverse",
          [&](const Kernels& k, u64* out) { copied(lazy, out), k.ntt_inverse(out, m.ntt); });
}

void elementwise(const Kernels& table, Source& source, const Modulo& m) {
  const std::size_t n = m.ntt.n;
  const u64 q = m.q.value, w = source.below(q), w_shoup = shoup(w, q);
  const Buffer a = source.words(n, q), b = source.words(n, q), lazy = source.words(n, 2 * q),
               any = source.words(n, ~u64{0});
  const Buffer wide = source.words(n, u64{1} << 62);
  const auto each = [&](const char* entry, const auto& body) { compare(table, n, entry, body); };
  each("add", [&](const Kernels& k, u64* out) { k.add(out, a.data(), b.data(), n, q); });
  each("subtract", [&](const Kernels& k, u64* out) { k.subtract(out, a.data(), b.data(), n, q); });
  each("negate", [&](const Kernels& k, u64* out) { k.negate(out, a.data(), n, q); });
  each("multiply", [&](const Kernels& k, u64* out) { k.multiply(out, lazy.data(), b.data(), n, m.q); });
  each("multiply_add",
       [&](const Kernels& k, u64* out) { k.multiply_add(out, lazy.data(), b.data(), a.data(), n, m.q); });
  each("subtract_product",
       [&](const Kernels& k, u64* out) { k.subtract_product(out, a.data(), lazy.data(), b.data(), n, m.q); });
  each("multiply_constant",
       [&](const Kernels& k, u64* out) { k.multiply_constant(out, any.data(), w, w_shoup, n, q); });
  each("subtract_multiply_constant",
       [&](const Kernels& k, u64* out) { k.subtract_multiply_constant(out, a.data(), b.data(), w, w_shoup, n, q); });
  each("reduce", [&](const Kernels& k, u64* out) { k.reduce(out, wide.data(), n, m.q); });
}

void sums(const Kernels& table, Source& source, const Modulo& m, std::size_t prime) {
  const std::size_t n = m.ntt.n, count = 1 + source.below(20);
  std::vector<Buffer> left, right, fractions;
  std::vector<const u64*> a, b, y;
  std::vector<u64> weights;
  std::vector<Modulus> moduli;
  for (std::size_t k = 0; k < count; ++k) {
    moduli.push_back(modulo(prime + k, 0).q);
    left.push_back(source.words(n, u64{1} << 50));
    right.push_back(source.words(n, m.q.value));
    fractions.push_back(source.words(n, moduli.back().value));
    weights.push_back(source.below(m.q.value));
  }
  for (std::size_t k = 0; k < count; ++k) {
    a.push_back(left[k].data());
    b.push_back(right[k].data());
    y.push_back(fractions[k].data());
  }
  const std::size_t digits = source.below(7), key_digits = digits + source.below(3);
  PairTerms terms;
  constexpr std::size_t kWidths[] = {4, 5, 6, 8};
  terms.key_bytes = source.below(2) == 0 ? kept_bytes(m.q) : sizeof(u64);
  terms.a_bytes = kWidths[source.below(4)];
  const auto in_bytes = [&](const Buffer& words, std::size_t bytes) {
    Buffer out(words.size() / sizeof(u64) * bytes);
    keep(out.data(), 0, words.data(), words.size(), bytes);
    return out;
  };
  const Buffer key = in_bytes(source.words(2 * key_digits * n, m.q.value), terms.key_bytes);
  std::vector<Buffer> firsts;
  std::vector<const void*> kept;
  for (const Buffer& words : left) {
    firsts.push_back(in_bytes(words, terms.a_bytes));
    kept.push_back(firsts.back().data());
  }
  terms.digits = std::min(digits, count);
  terms.digit = a.data();
  terms.key = key.data();
  terms.key_digits = key_digits;
  terms.count = count;
  terms.a = kept.data();
  terms.b0 = terms.b1 = b.data();
  terms.c0 = a[0];
  terms.w = weights[0];
  terms.plus1 = a[count - 1];
  std::vector<u32> permutation(n);  // of whole blocks of 32 words, where there is more than one, and of the words in them
  const u32 turn = static_cast<u32>(source.below(n / 32 + 1)) * 32, flip = static_cast<u32>(source.below(16));
  for (std::size_t i = 0; i < n; ++i) permutation[i] = static_cast<u32>((i + turn) % n) ^ flip;
  if (source.below(2) == 0) terms.permutation = permutation.data();
  const auto each = [&](const char* entry, const auto& body) { compare(table, n, entry, body); };
  each("inner_product", [&](const Kernels& k, u64* out) { k.inner_product(out, a.data(), b.data(), count, n, m.q); });
  each("linear_combination",
       [&](const Kernels& k, u64* out) { k.linear_combination(out, a.data(), weights.data(), count, n, m.q); });
  each("overflow_count", [&](const Kernels& k, u64* out) { k.overflow_count(out, y.data(), moduli.data(), count, n); });
  each("gather", [&](const Kernels& k, u64* out) { k.gather(out, a[0], permutation.data(), n); });
  compare(table, 2 * n, "inner_product_pairs", [&](const Kernels& k, u64* out) {
    terms.out0 = out;
    terms.out1 = out + n;
    k.inner_product_pairs(&terms, 1, n, m.q);
  });
}

void conversions(const Kernels& table, Source& source, const Modulo& m, std::size_t prime) {
  const std::size_t n = m.ntt.n, count = 1 + source.below(20);
  const u64 q = m.q.value;
  std::vector<Modulus> moduli;
  std::vector<Buffer> y;
  std::vector<u64> weights, companions, corrections;
  for (std::size_t k = 0; k <= count; ++k) {
    moduli.push_back(modulo(prime + k, 0).q);
    y.push_back(source.words(n, moduli.back().value));
    weights.push_back(source.below(q));
    companions.push_back(shoup(weights.back(), q) >> 12);
  }
  for (u64 v = 0; v < 8; ++v) corrections.push_back(mul_mod(v % q, weights.back(), m.q));
  const auto attached = [&](const Kernels& k, u64* first) {
    std::memcpy(first, y[0].data(), n * sizeof(u64));
    std::vector<u64*> limbs = {first};
    for (std::size_t i = 1; i < count; ++i) limbs.push_back(y[i].data());
    k.attach_overflow(limbs.data(), moduli.data(), count, n);
  };
  compare(table, n, "attach_overflow", [&](const Kernels& k, u64* out) { attached(k, out); });
  Buffer first(n);
  attached(scalar_kernels(), first.data());
  std::vector<const u64*> limbs = {first.data()};
  for (std::size_t i = 1; i < count; ++i) limbs.push_back(y[i].data());
  compare(table, n, "convert", [&](const Kernels& k, u64* out) {
    k.convert(out, limbs.data(), {count, weights.data(), companions.data(), corrections.data()}, n, m.q);
  });
  for (std::size_t i = 0; i < n; ++i) first.data()[i] &= (u64{1} << 53) - 1;
  compare(table, n, "convert_lazily", [&](const Kernels& k, u64* out) { k.convert_lazily(out, first.data(), weights.back(), n); });
}

void matrices(const Kernels& table, Source& source, const Modulo& m) {
  const std::size_t n = m.ntt.n, rows = 1 + source.below(9), columns = 1 + source.below(40);
  const u64 q = m.q.value, small_bound = std::min(((u64{1} << 52) - 1) / (q - 1), u64{1} << 32);  // words of matrix_is_small
  std::vector<Buffer> columns_of_x;
  std::vector<const u64*> x;
  for (std::size_t c = 0; c < columns; ++c) columns_of_x.push_back(source.words(n, q));
  for (const Buffer& column : columns_of_x) x.push_back(column.data());
  const Buffer addend = source.words(rows, q);
  for (const bool small : {false, true}) {
    Buffer words = source.words(matrix_words(rows, columns), small ? small_bound : q);
    for (std::size_t r = rows; r % kMatrixPanelRows != 0; ++r) {  // the rows that fill up the last panel are zeros
      for (std::size_t c = 0; c < columns; ++c) words.data()[matrix_index(r, c, columns)] = 0;
    }
    MatrixWeights weights;
    weights.words = words.data();
    weights.rows = rows;
    weights.columns = columns;
    if (small) weights.offset = source.below(q);
    if (source.below(2) == 0) weights.addend = addend.data();
    Buffer scratch(matrix_scratch_words(columns, n));
    compare(table, rows * n, small ? "matrix_product_small" : "matrix_product", [&](const Kernels& k, u64* out) {
      std::vector<u64*> results;
      for (std::size_t r = 0; r < rows; ++r) results.push_back(out + r * n);
      (small ? k.matrix_product_small : k.matrix_product)(results.data(), x.data(), weights, n, m.q, scratch.data());
    });
  }
}

/// Residues modulo the first `count` primes, put together in mixed radix.
void recombination(const Kernels& table, Source& source) {
  const std::size_t count = 1 + source.below(kPrimes), n = source.below(70);
  std::vector<Modulus> moduli;
  std::vector<Buffer> limbs;
  std::vector<const u64*> x;
  for (std::size_t i = 0; i < count; ++i) {
    moduli.push_back(modulo(i, 0).q);
    limbs.push_back(source.words(n + 1, moduli.back().value));
  }
  for (const Buffer& limb : limbs) x.push_back(limb.data());
  std::vector<u64> inverses(count * count), companions(count * count);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = i + 1; j < count; ++j) {
      inverses[i * count + j] = inverse_mod(moduli[i].reduce(moduli[j].value), moduli[i]);
      companions[i * count + j] = shoup(inverses[i * count + j], moduli[i].value);
    }
  }
  const MixedRadix radix{count, moduli.data(), inverses.data(), companions.data(), 0.5};
  compare(table, n + 1, "recombine",
          [&](const Kernels& k, u64* out) { k.recombine(reinterpret_cast<double*>(out), x.data(), radix, n); });
}

void samplers(const Kernels& table, Source& source, const Modulo& m) {
  const std::size_t count = source.below(200), room = source.below(200);
  const Buffer words = source.words(count + 1, ~u64{0}), bounds = source.words(29, (u64{1} << 63) + 1);
  u32 state[16];
  for (u32& word : state) word = static_cast<u32>(source.next());
  state[12] &= 0xffff;
  compare(table, 8 * 20, "chacha20",
          [&](const Kernels& k, u64* out) { k.chacha20(reinterpret_cast<u8*>(out), state, count % 20); });
  compare(table, room + 1, "uniform",
          [&](const Kernels& k, u64* out) { out[room] = k.uniform(out, room, words.data(), count, m.q); });
  const auto small = [](u64* out) { return reinterpret_cast<signed char*>(out); };
  compare(table, room + 1, "ternary",
          [&](const Kernels& k, u64* out) { out[room] = k.ternary(small(out), room, words.data(), count); });
  compare(table, count + 1, "error",
          [&](const Kernels& k, u64* out) { k.error(small(out), words.data(), count, bounds.data(), 29); });
  if (m.q.value > 128) {
    const signed char* from = reinterpret_cast<const signed char*>(words.data());
    compare(table, count + 1, "small_residues",
            [&](const Kernels& k, u64* out) { k.small_residues(out, from, count, m.q.value); });
  }
}

void encoder(const Kernels& table, Source& source, const Modulo& m) {
  const std::size_t slots = m.ntt.n / 2, n = source.below(100);
  const std::vector<double> cosines = source.numbers(slots, 0), sines = source.numbers(slots, 0),
                            x = source.numbers(2 * slots, 60);
  const std::vector<double> y = source.numbers(n, 60);
  const SlotTable turns{slots, m.ntt.log_n - 1, cosines.data(), sines.data()};
  const auto doubles = [](u64* out) { return reinterpret_cast<double*>(out); };
  for (const bool down : {true, false}) {
    compare(table, 2 * slots, "slots and coefficients", [&](const Kernels& k, u64* out) {
      std::memcpy(out, x.data(), 2 * slots * sizeof(double));
      (down ? k.slots_to_coefficients : k.coefficients_to_slots)(doubles(out), doubles(out) + slots, turns);
    });
  }
  const Buffer integers = source.words(n + 1, u64{1} << 61);
  compare(table, 1, "largest_magnitude", [&](const Kernels& k, u64* out) { *out = k.largest_magnitude(y.data(), n); });
  compare(table, n + 1, "round_to_integers",
          [&](const Kernels& k, u64* out) { k.round_to_integers(reinterpret_cast<i64*>(out), y.data(), 0.8125, n); });
  compare(table, n + 1, "divide_scale", [&](const Kernels& k, u64* out) {
    if (n != 0) std::memcpy(out, y.data(), n * sizeof(double));
    k.divide_scale(doubles(out), 1.337, 0x1p-30, n);
  });
  const std::size_t period = std::size_t{1} << source.below(7), rows = std::size_t{1} << source.below(6);
  const std::size_t out_slots = period << source.below(3), in_slots = std::size_t{1} << source.below(8);
  std::vector<u32> starts(1, 0), offsets;
  for (std::size_t s = 0; s < period; ++s) {
    for (std::size_t e = source.below(6); e > 0; --e) offsets.push_back(static_cast<u32>(source.below(1 << 16)));
    starts.push_back(static_cast<u32>(offsets.size()));
  }
  const std::vector<double> values = source.numbers(offsets.size(), 4), from = source.numbers(in_slots * rows, 4);
  compare(table, out_slots * rows, "sparse_product", [&](const Kernels& k, u64* out) {
    k.sparse_product(doubles(out), out_slots, from.data(), in_slots, {period, starts.data(), offsets.data(), values.data()}, rows);
  });
  compare(table, n + 1, "integer_residues", [&](const Kernels& k, u64* out) {
    k.integer_residues(out, reinterpret_cast<const i64*>(integers.data()), n, m.q);
  });
}

void packing(const Kernels& table, Source& source, const Modulo& m) {
  const std::size_t n = source.below(300);
  const Buffer x = source.words(n + 1, u64{1} << m.q.bits);
  std::vector<u8> bytes((n * static_cast<std::size_t>(m.q.bits) + 7) / 8);
  compare(table, n + 1, "pack",
          [&](const Kernels& k, u64* out) { k.pack(reinterpret_cast<u8*>(out), x.data(), n, m.q.bits); });
  scalar_kernels().pack(bytes.data(), x.data(), n, m.q.bits);
  compare(table, n + 1, "unpack",
          [&](const Kernels& k, u64* out) { out[n] = k.unpack(out, bytes.data(), n, m.q.bits, m.q.value) ? 1 : 0; });
}

}  // namespace
}  // namespace tacet

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacet;
  if (size < 3) return 0;
  const Modulo& m = modulo(data[1], data[2]);
  for (const Kernels* table : available_kernels()) {
    Source source(data + 3, size - 3);
    switch (data[0] % 9) {
      case 0:
        transforms(*table, source, m);
        break;
      case 1:
        elementwise(*table, source, m);
        break;
      case 2:
        sums(*table, source, m, data[1]);
        break;
      case 3:
        samplers(*table, source, m);
        break;
      case 4:
        encoder(*table, source, m);
        break;
      case 5:
        conversions(*table, source, m, data[1]);
        break;
      case 6:
        matrices(*table, source, m);
        break;
      case 7:
        recombination(*table, source);
        break;
      default:
        packing(*table, source, m);
        break;
    }
  }
  return 0;
}
