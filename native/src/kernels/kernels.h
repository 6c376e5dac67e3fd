// SPDX-License-Identifier: Apache-2.0
#pragma once
// The kernel table: one struct of function pointers per instruction set, chosen once per process.
//
// Conventions: n is a power of two >= 16; pointers are 64-byte aligned limbs of n words; q < 2^50; "out" may equal any
// input unless stated; every result is in [0, q) unless stated. All tables return the same bits for the same input.

#include <string>
#include <vector>

#include "kernels/kept.h"
#include "kernels/matrix_product.h"
#include "math/modulus.h"
#include "math/ring_type.h"
#include "util/types.h"

namespace tacet {

/// Constants of the number theoretic transform of degree n modulo q, in one of the two rings. psi is a root of unity of
/// order root_order(ring, n).
///
/// The butterflies form a binary tree: node 1 is the whole array, node k halves into nodes 2k and 2k+1 and turns by roots[k].
/// Node 1 is a polynomial modulo X^n - c: c = psi^n = -1 in the standard ring. In the conjugate-invariant ring the
/// coefficients a_i are first folded to that form, b_i = a_i + fold a_(n-i) and b_0 = a_0, with c = psi^n, a root of -1, and
/// fold = 1/c; of the roots psi^k and psi^-k, at which a has the same value, the tree holds the one with k = 1 mod 4.
///
/// Arrays hold n words; entry k = 2^d + r of `roots`, r < 2^d, is psi^brv(k) (standard) or psi^((4 brv_d(r) + 1) n / 2^(d+1)),
/// of `inverse_roots` its inverse; the _shoup arrays are their Shoup companions.
struct NttTable {
  RingType ring = RingType::kStandard;
  Modulus modulus;
  std::size_t n = 0;
  int log_n = 0;
  const u64* roots = nullptr;
  const u64* roots_shoup = nullptr;
  const u64* inverse_roots = nullptr;
  const u64* inverse_roots_shoup = nullptr;
  // The roots once more for 52-bit multiplication; null for n < 64. Companions are floor(root 2^52 / q). For each block of 64 words
  // `leaves` holds kLeafWords words: the factors of the last three levels below its node b in the order of a transposed square, in
  // which lane i belongs to node 8b + i: 8 words for roots[8b + i], 2 x 8 for roots[2(8b + i) + 0, 1], 4 x 8 for
  // roots[4(8b + i) + 0 .. 3], and then the companions of these 56.
  static constexpr std::size_t kLeafWords = 112;
  const u64* companions = nullptr;  ///< entry k < n/8 belongs to roots[k]
  const u64* inverse_companions = nullptr;
  const u64* leaves = nullptr;  ///< entry kLeafWords * j belongs to block j, node n/64 + j
  const u64* inverse_leaves = nullptr;
  u64 n_inverse = 0;  ///< n^-1; (2n)^-1 in the conjugate-invariant ring
  u64 n_inverse_shoup = 0;
  u64 n_inverse_root = 0;  ///< n_inverse * inverse_roots[1], folded into the last stage
  u64 n_inverse_root_shoup = 0;
  u64 fold = 0;  ///< psi^-n; conjugate-invariant ring only, like the next three
  u64 fold_shoup = 0;
  u64 unfold = 0;  ///< psi^n: a_i = (b_i + unfold b_(n-i)) / 2
  u64 unfold_shoup = 0;
};

/// Constants of the conversion of a centred residue vector to one target modulus t (see BasisConversion in ring/). The value is
/// sum over i < count of y_i * weights[i] + v * weights[count] modulo t, where v < 2^12 stands above bit 51 of y_0.
struct ConversionWeights {
  std::size_t count = 0;             ///< sources, 1..128
  const u64* weights = nullptr;      ///< count + 1 words below t
  const u64* companions = nullptr;   ///< floor(weight * 2^52 / t) of each
  const u64* corrections = nullptr;  ///< v * weights[count] mod t for v = 0..7
};

/// Words of a block of an evaluation key in its compute form: for each block of a limb, for each digit, that many words of the first
/// half and then of the second, so that a key is read from front to back.
inline std::size_t key_block(std::size_t n) { return n < 32 ? n : 32; }

/// One row of inner products, for the two halves h = 0, 1:
/// out_h = plus_h + sum over k < digits of digit[k] * key_h[k] + sum over k < count of a[k] * b_h[k] + c_h * w.
/// A null b_h[k], c_h or plus_h is no term. Word i of digit[k] and c_h is word permutation[i], where there is a permutation: an
/// automorphism's, which takes each aligned block of a power of two words to another one.
struct PairTerms {
  u64* out0 = nullptr;
  u64* out1 = nullptr;
  std::size_t digits = 0;
  const u64* const* digit = nullptr;
  const void* key = nullptr;   ///< a limb of the key (see key_block), kept in key_bytes bytes a residue
  std::size_t key_bytes = sizeof(u64);
  std::size_t key_digits = 0;  ///< digits in the key, at least `digits`
  std::size_t count = 0;
  const void* const* a = nullptr;  ///< kept in a_bytes bytes a residue
  std::size_t a_bytes = sizeof(u64);
  const u64* const* b0 = nullptr;
  const u64* const* b1 = nullptr;
  const u64* c0 = nullptr;
  const u64* c1 = nullptr;
  u64 w = 0;
  const u64* plus0 = nullptr;
  const u64* plus1 = nullptr;
  const u32* permutation = nullptr;
};

/// Constants of the transform between `slots` complex slots and coefficients (a power of two >= 8): stage with half length h
/// turns butterfly j by cosines[h + j] + i sines[h + j].
struct SlotTable {
  std::size_t slots = 0;
  int log_slots = 0;
  const double* cosines = nullptr;
  const double* sines = nullptr;
};

/// Constants to recombine residues modulo `count` primes.
struct MixedRadix {
  std::size_t count = 0;  ///< 1..64
  const Modulus* moduli = nullptr;
  const u64* inverses = nullptr;  ///< entry i count + j, i < j: q_j^-1 mod q_i, with its Shoup companion
  const u64* inverses_shoup = nullptr;
  double unit = 1;  ///< a power of two that multiplies the result
};

/// A sparse linear map of slots in the clear: entries starts[s] .. starts[s + 1] - 1 write the slots that are s modulo the period, a power
/// of two; entry e multiplies the slot that is offsets[e] further on by values[e].
struct SparseMapView {
  std::size_t period = 0;
  const u32* starts = nullptr;
  const u32* offsets = nullptr;
  const double* values = nullptr;
};

struct Kernels {
  const char* name;

  /// Forward transform in place, in the table's ring. In: coefficients in [0, 4q). Out: [0, q), entry j is the value at
  /// psi^(2*brv(j)+1), or psi^(4*brv(j)+1) in the conjugate-invariant ring.
  void (*ntt_forward)(u64* x, const NttTable& table);
  /// x = (minuend - the transform of x) * w, in place: a division whose remainder is x. In: x as for ntt_forward, minuend in [0, q),
  /// not overlapping x; w < q with Shoup companion.
  void (*ntt_forward_quotient)(u64* x, const u64* minuend, u64 w, u64 w_shoup, const NttTable& table);
  /// Inverse transform in place. In: [0, 2q), order as above. Out: coefficients in [0, q).
  void (*ntt_inverse)(u64* x, const NttTable& table);

  /// out = a + b; in [0, q).
  void (*add)(u64* out, const u64* a, const u64* b, std::size_t n, u64 q);
  /// out = a - b; in [0, q).
  void (*subtract)(u64* out, const u64* a, const u64* b, std::size_t n, u64 q);
  /// out = -a; in [0, q).
  void (*negate)(u64* out, const u64* a, std::size_t n, u64 q);
  /// out = a * b; a < 2q, b < q.
  void (*multiply)(u64* out, const u64* a, const u64* b, std::size_t n, const Modulus& q);
  /// out = a * b + c; a < 2q, b, c < q.
  void (*multiply_add)(u64* out, const u64* a, const u64* b, const u64* c, std::size_t n, const Modulus& q);
  /// out = c - a * b; a < 2q, b, c < q. Over secrets: what is stored shows none of its parts.
  void (*subtract_product)(u64* out, const u64* c, const u64* a, const u64* b, std::size_t n, const Modulus& q);
  /// out = a * w for a constant w < q with Shoup companion; a any 64-bit value.
  void (*multiply_constant)(u64* out, const u64* a, u64 w, u64 w_shoup, std::size_t n, u64 q);
  /// out = (a - b) * w; a, b in [0, q); w < q with Shoup companion.
  void (*subtract_multiply_constant)(u64* out, const u64* a, const u64* b, u64 w, u64 w_shoup, std::size_t n, u64 q);
  /// out = a mod q for any a < 2^62.
  void (*reduce)(u64* out, const u64* a, std::size_t n, const Modulus& q);

  /// out[i] = sum over k < count of a[k][i] * b[k][i], accumulated in 128 bits and reduced once.
  /// a < 2^50, b < q, 1 <= count <= 4096.
  void (*inner_product)(u64* out, const u64* const* a, const u64* const* b, std::size_t count, std::size_t n,
                        const Modulus& q);
  /// out[i] = sum over k < count of a[k][i] * c[k]; a < 2^50, c < q, 1 <= count <= 4096. The heart of basis conversion.
  void (*linear_combination)(u64* out, const u64* const* a, const u64* c, std::size_t count, std::size_t n,
                             const Modulus& q);
  /// out[i] = round(sum over k < count of a[k][i] / q_k), computed in integers: fraction[k] = floor(2^(63+bits_k) /
  /// q_k) is q_k's Barrett constant; exact unless the sum is within count * 2^-55 of a half. a[k] in [0, q_k), count <=
  /// 128.
  void (*overflow_count)(u64* out, const u64* const* a, const Modulus* q, std::size_t count, std::size_t n);

  /// out[r][i] = addend[r] + sum over c < columns of x[c][i] * w(r, c), r < rows, i < n: a plain matrix of residues below
  /// q times encrypted columns, tile by tile. x in [0, q); scratch of matrix_scratch_words(columns, n); no result overlaps
  /// anything else.
  void (*matrix_product)(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                         u64* scratch);
  /// The same for the weights w(r, c) - offset, where every word is small: matrix_is_small(largest word, q). Half the
  /// multiplications.
  void (*matrix_product_small)(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                               u64* scratch);

  /// out[i] = a[permutation[i]]; out must not overlap a; permutation entries below n.
  void (*gather)(u64* out, const u64* a, const u32* permutation, std::size_t n);

  // Samplers. Counts are arbitrary, pointers need no alignment, "words" are keystream. Over secrets all are constant time: neither
  // branches nor addresses depend on the words, except where a word is skipped, which tells nothing about the ones that are kept.

  /// `blocks` blocks of 64 bytes of the ChaCha20 keystream (RFC 8439) from the block counter state[12] on, which must not wrap.
  void (*chacha20)(u8* out, const u32* state, std::size_t blocks);
  /// Residues modulo q of the words in order, those >= q floor(2^64/q) skipped, until n are written or `count` words are used.
  /// Returns how many were written.
  std::size_t (*uniform)(u64* out, std::size_t n, const u64* words, std::size_t count, const Modulus& q);
  /// As uniform(), word mod 3 - 1 with the word 2^64 - 1 skipped.
  std::size_t (*ternary)(signed char* out, std::size_t n, const u64* words, std::size_t count);
  /// out[i]: the number of table entries that are <= words[i] >> 1, negated if words[i] is odd. The whole table is scanned;
  /// size <= 127, entries at most 2^63.
  void (*error)(signed char* out, const u64* words, std::size_t n, const u64* table, std::size_t size);
  /// out = small mod q, q > 128.
  void (*small_residues)(u64* out, const signed char* small, std::size_t n, u64 q);

  // The parts of a key switch.

  /// Adds v * 2^52 to y[0], v as overflow_count gives it. y[k] in [0, q_k), 1 <= count <= 128.
  void (*attach_overflow)(u64* const* y, const Modulus* q, std::size_t count, std::size_t n);
  /// out[i] = r + v overflow for y[i] = r + 2^52 v, r < 2^50, v in {0, 1}, overflow < 2^50: the conversion from one prime, not reduced.
  void (*convert_lazily)(u64* out, const u64* y, u64 overflow, std::size_t n);
  /// out = the converted value (ConversionWeights) modulo q. y[0] from attach_overflow, y[k] < 2^50 without its overflow.
  void (*convert)(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q);
  /// `rows` rows of both halves of inner products, one after the other. digit, a, c, plus < 2^50, key, b, w < q, at most 4096
  /// terms a half, c and plus among them. out_h may equal plus_h, and overlaps nothing else that a row reads; a row may read what
  /// one before it wrote.
  void (*inner_product_pairs)(const PairTerms* terms, std::size_t rows, std::size_t n, const Modulus& q);

  /// Packs n residues below 2^bits, 1 <= bits <= 50, least significant bit first, into ceil(n bits / 8) bytes, the last one padded
  /// with zero bits. Any n.
  void (*pack)(u8* out, const u64* x, std::size_t n, int bits);
  /// The inverse; `in` needs no alignment and nothing behind its ceil(n bits / 8) bytes is read. False if a residue is not below q,
  /// 1 <= q <= 2^bits.
  bool (*unpack)(u64* out, const u8* in, std::size_t n, int bits, u64 q);

  // The encoder. Every table makes the same graph of operations on doubles, without contraction; any n unless stated.

  /// The largest bit pattern of |x[i]|, as a word: a NaN if there is one, else the largest magnitude. 0 for n = 0.
  u64 (*largest_magnitude)(const double* x, std::size_t n);
  /// Slots, in place, to the coefficients of a polynomial with these values, times `slots`; and back, without a factor. See
  /// SlotTransform.
  void (*slots_to_coefficients)(double* real, double* imaginary, const SlotTable& table);
  void (*coefficients_to_slots)(double* real, double* imaginary, const SlotTable& table);
  /// out[i] = x[i] factor, rounded to the nearest integer, ties to even; magnitudes below 2^61.
  void (*round_to_integers)(i64* out, const double* x, double factor, std::size_t n);
  /// out[i] = x[i] mod q for |x[i]| < 2^61.
  void (*integer_residues)(u64* out, const i64* x, std::size_t n, const Modulus& q);
  /// out[k]: the representative in (-Q/2, Q/2) of the residues x[i][k] in [0, q_i), Q the product of all q_i, times the unit, from
  /// balanced mixed radix digits d_i: x = d_L + q_L (d_(L-1) + q_(L-1) (... + q_1 d_0)), |d_i| < q_i / 2, summed by Horner's rule in
  /// doubles with a relative error of a few 2^-53.
  void (*recombine)(double* out, const u64* const* x, const MixedRadix& radix, std::size_t n);
  /// x[i] = x[i] / divisor * factor, in place.
  void (*divide_scale)(double* x, double divisor, double factor, std::size_t n);

  /// The map on `rows` interleaved rows at once, slot s of row r being number s rows + r: out of out_slots, x of in_slots slots, both powers
  /// of two, the first a multiple of the period; offsets count modulo in_slots. Sums start with 0 and follow the order of the entries.
  void (*sparse_product)(double* out, std::size_t out_slots, const double* x, std::size_t in_slots, const SparseMapView& map,
                         std::size_t rows);
};

/// The portable table: complete, correct everywhere, and the oracle for all others.
const Kernels& scalar_kernels();
/// 52-bit multiplications of AVX-512 IFMA; null where the machine or the architecture lacks it.
const Kernels* avx512ifma_kernels();
/// AVX2: modular arithmetic by exact double-precision FMA; null where the machine or the architecture lacks it.
const Kernels* avx2_kernels();

/// The tables that this machine can run, best first.
const std::vector<const Kernels*>& available_kernels();

/// The table in use: named by the environment variable TACET_KERNELS, else the first available one. Chosen and
/// self-tested on the first call. Throws Error(kInvalidArgument) naming the available tables when TACET_KERNELS names
/// another one, and Error(kInternal) when the self-test fails.
const Kernels& kernels();

/// Picks a table by name as kernels() does; empty name: the best available.
const Kernels& select_kernels(const std::string& name);

/// Compares every entry of `table` with the scalar table or with a definition on a small ring. Throws Error(kInternal)
/// naming the entry.
void self_test(const Kernels& table);

}  // namespace tacet
