// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the parts of the self-test share.

#include "kernels/kernels.h"
#include "util/buffer.h"

namespace tacet::selftest {

/// Deterministic words (splitmix64).
struct Words {
  u64 state;
  u64 next() {
    u64 z = (state += 0x9e3779b97f4a7c15ULL);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
  }
};

/// n >= 3 words below `bound`, the extremes first.
Buffer words_below(u64 bound, u64 seed, std::size_t n);

/// Throws Error(kInternal) naming table and entry unless `equal`.
void expect(bool equal, const Kernels& table, const char* entry, u64 q);

void test_samplers(const Kernels& table, const Modulus& q);
void test_key_switch(const Kernels& table, const Modulus& m);
void test_matrix_products(const Kernels& table, const Modulus& m);
void test_encoder(const Kernels& table, const Modulus& q);

}  // namespace tacet::selftest
