// SPDX-License-Identifier: Apache-2.0
#pragma once
// Scratch arrays of the encoder.

#include "util/buffer.h"

namespace tacet {

/// `size` uninitialised numbers of 64 bits, aligned, from the cache of buffers.
template <class T>
class Numbers {
  static_assert(sizeof(T) == sizeof(u64), "a buffer's words hold the numbers");

 public:
  explicit Numbers(std::size_t size) : words_(size) {}
  T* data() { return reinterpret_cast<T*>(words_.data()); }
  const T* data() const { return reinterpret_cast<const T*>(words_.data()); }
  std::size_t size() const { return words_.size(); }

 private:
  Buffer words_;
};

}  // namespace tacet
