// SPDX-License-Identifier: Apache-2.0
#include "kernels/kept.h"

#include <cstring>

namespace tacet {
namespace {

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low bytes of a word come first");

template <std::size_t kBytes>
void keep_in(Kept<kBytes>* to, const u64* residues, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) std::memcpy(to[i].bytes, residues + i, kBytes);
}

}  // namespace

void keep(void* kept, std::size_t index, const u64* residues, std::size_t n, std::size_t bytes) {
  switch (bytes) {
    case 4: return keep_in(static_cast<Kept<4>*>(kept) + index, residues, n);
    case 5: return keep_in(static_cast<Kept<5>*>(kept) + index, residues, n);
    case 6: return keep_in(static_cast<Kept<6>*>(kept) + index, residues, n);
    default: return keep_in(static_cast<Kept<8>*>(kept) + index, residues, n);
  }
}

}  // namespace tacet
