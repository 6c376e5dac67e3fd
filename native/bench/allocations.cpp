// SPDX-License-Identifier: Apache-2.0
#include "allocations.h"

#include <sys/mman.h>

#include <atomic>
#include <cstdlib>
#include <new>

namespace tacet::bench {
namespace {

std::atomic<u64> calls{0};
std::atomic<u64> bytes{0};

void count(std::size_t size) {
  calls.fetch_add(1, std::memory_order_relaxed);
  bytes.fetch_add(size, std::memory_order_relaxed);
}

void* checked(void* block) {
  if (block == nullptr) throw std::bad_alloc();
  return block;
}

}  // namespace

Allocations allocations() {
  return {calls.load(std::memory_order_relaxed), bytes.load(std::memory_order_relaxed)};
}

}  // namespace tacet::bench

#ifdef TACET_BENCH_WRAP
// The linker's --wrap sends the engine's calls here; __real_x is the system's x.
extern "C" {
void* __real_malloc(std::size_t size);
void* __real_aligned_alloc(std::size_t alignment, std::size_t size);
int __real_posix_memalign(void** block, std::size_t alignment, std::size_t size);
void* __real_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset);

void* __wrap_malloc(std::size_t size) {
  tacet::bench::count(size);
  return __real_malloc(size);
}
void* __wrap_aligned_alloc(std::size_t alignment, std::size_t size) {
  tacet::bench::count(size);
  return __real_aligned_alloc(alignment, size);
}
int __wrap_posix_memalign(void** block, std::size_t alignment, std::size_t size) {
  tacet::bench::count(size);
  return __real_posix_memalign(block, alignment, size);
}
void* __wrap_mmap(void* at, std::size_t size, int protection, int flags, int file, off_t offset) {
  tacet::bench::count(size);
  return __real_mmap(at, size, protection, flags, file, offset);
}
}
#define TACET_BENCH_MALLOC __real_malloc
#define TACET_BENCH_ALIGNED_ALLOC __real_aligned_alloc
#else
#define TACET_BENCH_MALLOC std::malloc
#define TACET_BENCH_ALIGNED_ALLOC std::aligned_alloc
#endif

void* operator new(std::size_t size) {
  tacet::bench::count(size);
  return tacet::bench::checked(TACET_BENCH_MALLOC(size == 0 ? 1 : size));
}
void* operator new(std::size_t size, std::align_val_t alignment) {
  tacet::bench::count(size);
  const std::size_t a = static_cast<std::size_t>(alignment);
  return tacet::bench::checked(TACET_BENCH_ALIGNED_ALLOC(a, (size + a - 1) / a * a));
}
void operator delete(void* block) noexcept { std::free(block); }
void operator delete(void* block, std::size_t) noexcept { std::free(block); }
void operator delete(void* block, std::align_val_t) noexcept { std::free(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { std::free(block); }
