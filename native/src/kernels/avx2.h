// SPDX-License-Identifier: Apache-2.0
#pragma once
// The entries of the avx2 table that are its own; contracts in kernels.h. Callable only where cpu_runs_avx2().

#include "kernels/kernels.h"

namespace tacet::avx2 {

void ntt_forward(u64* x, const NttTable& table);
void ntt_forward_quotient(u64* x, const u64* minuend, u64 w, u64 w_shoup, const NttTable& table);
void ntt_inverse(u64* x, const NttTable& table);

void add(u64* out, const u64* a, const u64* b, std::size_t n, u64 q);
void subtract(u64* out, const u64* a, const u64* b, std::size_t n, u64 q);
void negate(u64* out, const u64* a, std::size_t n, u64 q);
void multiply(u64* out, const u64* a, const u64* b, std::size_t n, const Modulus& q);
void multiply_add(u64* out, const u64* a, const u64* b, const u64* c, std::size_t n, const Modulus& q);
void subtract_product(u64* out, const u64* c, const u64* a, const u64* b, std::size_t n, const Modulus& q);
void multiply_constant(u64* out, const u64* a, u64 w, u64 w_shoup, std::size_t n, u64 q);
void subtract_multiply_constant(u64* out, const u64* a, const u64* b, u64 w, u64 w_shoup, std::size_t n, u64 q);
void reduce(u64* out, const u64* a, std::size_t n, const Modulus& q);
void inner_product(u64* out, const u64* const* a, const u64* const* b, std::size_t count, std::size_t n,
                   const Modulus& q);
void linear_combination(u64* out, const u64* const* a, const u64* c, std::size_t count, std::size_t n,
                        const Modulus& q);
void overflow_count(u64* out, const u64* const* a, const Modulus* q, std::size_t count, std::size_t n);
void attach_overflow(u64* const* y, const Modulus* q, std::size_t count, std::size_t n);
void convert_lazily(u64* out, const u64* y, u64 overflow, std::size_t n);
void convert(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q);
void inner_product_pairs(const PairTerms* terms, std::size_t rows, std::size_t n, const Modulus& q);

void chacha20(u8* out, const u32* state, std::size_t blocks);
std::size_t uniform(u64* out, std::size_t n, const u64* words, std::size_t count, const Modulus& q);
std::size_t ternary(signed char* out, std::size_t n, const u64* words, std::size_t count);
void error(signed char* out, const u64* words, std::size_t n, const u64* table, std::size_t size);
void small_residues(u64* out, const signed char* small, std::size_t n, u64 q);

void matrix_product(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q, u64* scratch);
void matrix_product_small(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                          u64* scratch);

void gather(u64* out, const u64* a, const u32* permutation, std::size_t n);
void pack(u8* out, const u64* x, std::size_t n, int bits);
bool unpack(u64* out, const u8* in, std::size_t n, int bits, u64 q);

u64 largest_magnitude(const double* x, std::size_t n);
void slots_to_coefficients(double* real, double* imaginary, const SlotTable& table);
void coefficients_to_slots(double* real, double* imaginary, const SlotTable& table);
void round_to_integers(i64* out, const double* x, double factor, std::size_t n);
void integer_residues(u64* out, const i64* x, std::size_t n, const Modulus& q);
void recombine(double* out, const u64* const* x, const MixedRadix& radix, std::size_t n);
void divide_scale(double* x, double divisor, double factor, std::size_t n);
void sparse_product(double* out, std::size_t out_slots, const double* x, std::size_t in_slots, const SparseMapView& map,
                    std::size_t rows);

}  // namespace tacet::avx2
