// SPDX-License-Identifier: Apache-2.0
#include "rlwe/secret_limb.h"

#include <map>
#include <mutex>
#include <vector>

namespace tacet {
namespace {

/// Free blocks by exact size, all zero.
class Kept {
 public:
  SecretBytes take(std::size_t bytes) {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      std::vector<SecretBytes>& blocks = free_[bytes];
      if (!blocks.empty()) {
        SecretBytes block = std::move(blocks.back());
        blocks.pop_back();
        kept_ -= bytes;
        return block;
      }
    }
    return SecretBytes(bytes);
  }

  /// Takes the block if there is room; what is left is unmapped by its owner.
  void give(SecretBytes& block) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    if (kept_ + block.size() > SecretLimb::kKeptBytes) return;
    const std::size_t bytes = block.size();
    try {
      free_[bytes].push_back(std::move(block));
    } catch (...) {  // no memory for the list
      return;
    }
    kept_ += bytes;
  }

  void release() {
    std::lock_guard<std::mutex> lock(mutex_);
    free_.clear();
    kept_ = 0;
  }

 private:
  std::mutex mutex_;
  std::map<std::size_t, std::vector<SecretBytes>> free_;
  std::size_t kept_ = 0;
};

Kept& kept() {
  // Never destroyed: scratch may outlive any order of destruction. Its contents are zero.
  static Kept* instance = new Kept;
  return *instance;
}

}  // namespace

SecretLimb::SecretLimb(std::size_t n) : words_(kept().take(n * sizeof(u64))) {}

SecretLimb::~SecretLimb() {
  if (words_.data() == nullptr) return;
  secure_zero(words_.data(), words_.size());
  kept().give(words_);
}

void release_secret_limbs() { kept().release(); }

}  // namespace tacet
