// SPDX-License-Identifier: Apache-2.0
#include "kernels/self_test.h"
#include "util/error.h"

namespace tacet::selftest {

Buffer words_below(u64 bound, u64 seed, std::size_t n) {
  Buffer out(n);
  Words words{seed};
  for (std::size_t i = 0; i < n; ++i) out.data()[i] = static_cast<u64>((static_cast<u128>(words.next()) * bound) >> 64);
  out.data()[0] = 0;
  out.data()[1] = bound - 1;
  out.data()[2] = bound - 1;
  return out;
}

void expect(bool equal, const Kernels& table, const char* entry, u64 q) {
  if (!equal) {
    fail(Code::kInternal,
         "kernel table \"%s\": %s gives a wrong result modulo %llu; choose another table with TACET_KERNELS",
         table.name, entry, static_cast<unsigned long long>(q));
  }
}

}  // namespace tacet::selftest
