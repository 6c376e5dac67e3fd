// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory for secrets: locked, kept out of core dumps, zeroed when freed.

#include <cstddef>
#include <utility>

#include "util/types.h"

namespace tacet {

/// Overwrites memory with zeros in a way that the compiler cannot remove.
void secure_zero(void* data, std::size_t bytes);

/// Owns whole pages of zero-initialised memory: mlock (as far as RLIMIT_MEMLOCK allows: see locked()), MADV_DONTDUMP,
/// zeroed before unmapping. Move-only.
class SecretBytes {
 public:
  SecretBytes() = default;
  explicit SecretBytes(std::size_t bytes);
  ~SecretBytes();
  SecretBytes(SecretBytes&& other) noexcept { swap(other); }
  SecretBytes& operator=(SecretBytes&& other) noexcept {
    swap(other);
    return *this;
  }

  u8* data() { return data_; }
  const u8* data() const { return data_; }
  std::size_t size() const { return size_; }
  /// True if the pages are locked into memory.
  bool locked() const { return locked_; }

 private:
  void swap(SecretBytes& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(mapped_, other.mapped_);
    std::swap(locked_, other.locked_);
  }

  u8* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t mapped_ = 0;
  bool locked_ = false;
};

}  // namespace tacet
