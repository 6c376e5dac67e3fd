// SPDX-License-Identifier: Apache-2.0
#include "memory.h"

#include <algorithm>
#include <cstdlib>

#ifdef __GLIBC__
#include <malloc.h>
#endif

namespace tacet::suite {

ReservedMemory::ReservedMemory([[maybe_unused]] std::size_t bytes) {
#ifdef __GLIBC__
  mallopt(M_ARENA_MAX, 1);                                      // one heap for all threads
  mallopt(M_MMAP_THRESHOLD, 32 << 20);                          // blocks of less come from it
  mallopt(M_TRIM_THRESHOLD, 1 << 30);                           // and it does not shrink when they are freed
  constexpr std::size_t kBlock = std::size_t{8} << 20;          // of less than the threshold
  thread_ = std::thread([bytes] {
    constexpr std::size_t kPage = 4096;
    void* blocks[64];
    const std::size_t count = std::min<std::size_t>((bytes + kBlock - 1) / kBlock, 64);
    for (std::size_t k = 0; k < count; ++k) {
      blocks[k] = std::malloc(kBlock);
      volatile char* memory = static_cast<char*>(blocks[k]);
      for (std::size_t at = 0; memory != nullptr && at < kBlock; at += kPage) memory[at] = 0;
    }
    for (std::size_t k = count; k-- > 0;) std::free(blocks[k]);
  });
#endif
}

void ReservedMemory::wait() {
  if (thread_.joinable()) thread_.join();
}

}  // namespace tacet::suite
