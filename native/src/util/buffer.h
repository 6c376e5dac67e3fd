// SPDX-License-Identifier: Apache-2.0
#pragma once
// 64-byte aligned, uninitialised arrays of words, recycled through a bounded process-wide cache.

#include <cstddef>
#include <map>
#include <utility>

#include "util/types.h"

namespace tacet {

/// Owns `size` 64-bit words, aligned to 64 bytes, uninitialised on construction. Freed blocks are kept for reuse up to
/// a bound, so that operations do not return to the operating system for every polynomial. A block serves buffers of its size and of
/// up to an eighth less, such as those of the next levels, or of a quarter of it where many are free. Blocks of 128 KiB and more lie
/// in huge pages (Slabs) where the system has some. Throws Error(kOutOfMemory) with the bytes asked for.
class Buffer {
 public:
  Buffer() = default;
  explicit Buffer(std::size_t size);
  ~Buffer();

  Buffer(const Buffer& other);
  Buffer& operator=(const Buffer& other);
  Buffer(Buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)), block_(std::exchange(other.block_, 0)) {}
  Buffer& operator=(Buffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    std::swap(block_, other.block_);
    return *this;
  }

  /// Words that belong to somebody else and outlive the buffer, such as a mapped file: nothing may write to them. A copy owns its
  /// words.
  static Buffer borrow(const u64* words, std::size_t size);

  u64* data() { return data_; }
  const u64* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  u64* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t block_ = 0;  ///< bytes of the block that holds the words; 0 if they are somebody else's
};

/// Has buffers lie in small pages in this process, which is to end soon (Slabs::Pages); before its first buffer. The environment's
/// TACET_PAGES goes before it.
void keep_buffers_in_small_pages();

/// How many blocks of any size the process has asked the system for so far: an operation that runs again asks for none.
u64 blocks_from_system();

/// Blocks of 128 KiB and more that the process has from the system, in use or cached: how many of each size in bytes.
std::map<std::size_t, std::size_t> blocks_held();

/// Takes that many more such blocks from the system, with their pages in place, for buffers to come; fewer if there is no memory left or
/// the cache is full.
void keep_blocks_ready(const std::map<std::size_t, std::size_t>& blocks);

/// Returns all cached blocks to the operating system.
void release_cached_buffers();

}  // namespace tacet
