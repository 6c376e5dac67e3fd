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

}  // namespace tacet::scalar
