// SPDX-License-Identifier: Apache-2.0
#include "util/secret_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "util/error.h"

namespace tacet {

void secure_zero(void* data, std::size_t bytes) {
  std::memset(data, 0, bytes);
  __asm__ __volatile__("" : : "r"(data) : "memory");
}

SecretBytes::SecretBytes(std::size_t bytes) : size_(bytes) {
  if (bytes == 0) return;
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  mapped_ = (bytes + page - 1) / page * page;
  void* memory = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) fail(Code::kOutOfMemory, "cannot map %zu bytes of secret memory", mapped_);
  data_ = static_cast<u8*>(memory);
#ifdef MADV_DONTDUMP
  madvise(memory, mapped_, MADV_DONTDUMP);
#endif
  locked_ = mlock(memory, mapped_) == 0;
}

SecretBytes::~SecretBytes() {
  if (data_ == nullptr) return;
  secure_zero(data_, mapped_);
  if (locked_) munlock(data_, mapped_);
  munmap(data_, mapped_);
}

}  // namespace tacet
