// SPDX-License-Identifier: Apache-2.0
#pragma once
// Entries of the scalar table that live in files of their own; contracts in kernels.h. Other tables finish odd lengths with them.

#include "kernels/kernels.h"

namespace tacet::scalar {

void chacha20(u8* out, const u32* state, std::size_t blocks);
std::size_t uniform(u64* out, std::size_t n, const u64* words, std::size_t count, const Modulus& q);
std::size_t ternary(signed char* out, std::size_t n, const u64* words, std::size_t count);
void error(signed char* out, const u64* words, std::size_t n, const u64* table, std::size_t size);
void small_residues(u64* out, const signed char* small, std::size_t n, u64 q);

void matrix_product(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q, u64* scratch);
void matrix_product_small(u64* const* out, const u64* const* x, const MatrixWeights& w, std::size_t n, const Modulus& q,
                          u64* scratch);

void attach_overflow(u64* const* y, const Modulus* q, std::size_t count, std::size_t n);
void convert_lazily(u64* out, const u64* y, u64 overflow, std::size_t n);
void convert(u64* out, const u64* const* y, const ConversionWeights& weights, std::size_t n, const Modulus& q);
void inner_product_pairs(const PairTerms* terms, std::size_t rows, std::size_t n, const Modulus& q);

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

}  // namespace tacet::scalar
