// SPDX-License-Identifier: Apache-2.0
#pragma once
// Short lists inside operations, without a call of the allocator.

#include <cstddef>
#include <type_traits>
#include <vector>

namespace tacet {

/// A list of trivial values that holds its first kInline in itself and moves to the heap beyond. Not copyable.
template <class T, std::size_t kInline = 32>
class InlineVector {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  InlineVector() = default;
  InlineVector(const InlineVector&) = delete;
  InlineVector& operator=(const InlineVector&) = delete;

  void push_back(T value) {
    if (size_ < kInline) {
      inline_[size_++] = value;
      return;
    }
    if (size_ == kInline) heap_.assign(inline_, inline_ + kInline);
    heap_.push_back(value);
    ++size_;
  }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  T* data() { return size_ > kInline ? heap_.data() : inline_; }
  const T* data() const { return size_ > kInline ? heap_.data() : inline_; }
  T& operator[](std::size_t i) { return data()[i]; }
  const T& operator[](std::size_t i) const { return data()[i]; }

 private:
  std::size_t size_ = 0;
  T inline_[kInline];
  std::vector<T> heap_;
};

}  // namespace tacet
