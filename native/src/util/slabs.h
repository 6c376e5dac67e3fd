// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory from the system in huge pages, cut into blocks of one size.

#include <cstddef>
#include <map>
#include <mutex>
#include <unordered_map>
#include <vector>

namespace tacet {

/// Blocks of at least kSmallest bytes. A slab is a mapping of up to 32 MiB (more for one block that is larger) that asks for huge pages
/// and holds blocks of one size side by side: residues, transform tables and keys are read in many streams at once, and small pages
/// among them cost walks of the page tables. A slab whose blocks were all given back returns to the system. Neighbouring blocks start
/// in different sets of the first-level cache.
class Slabs {
 public:
  static constexpr std::size_t kSmallest = std::size_t{128} << 10;
  static constexpr std::size_t kAlignment = 64;

  /// Which pages are asked for. Small ones for a process that ends soon: a huge page is cleared whole before its first word is used, and a
  /// virtual machine that gives unused memory back to its host has small pages at hand, huge ones it must fetch.
  enum class Pages { kHuge, kSmall };

  /// "huge" or "small", as TACET_PAGES says it; null or empty is `otherwise`. Throws Error(kInvalidArgument) at any other text.
  static Pages pages_named(const char* text, Pages otherwise);

  explicit Slabs(Pages pages = Pages::kHuge) : pages_(pages) {}
  Slabs(const Slabs&) = delete;
  Slabs& operator=(const Slabs&) = delete;
  ~Slabs();

  Pages pages() const { return pages_; }

  /// A block of `bytes` bytes (kSmallest or more), aligned to kAlignment, contents undefined; null if the system has no memory left.
  void* take(std::size_t bytes);
  /// Gives back what take(bytes) returned.
  void give(void* block, std::size_t bytes) noexcept;
  /// Bytes that are mapped now.
  std::size_t mapped() const;
  /// How many blocks of each size, in bytes, are taken now.
  std::map<std::size_t, std::size_t> taken() const;

  /// Has the pages of a block in place before its words are used: in one go, which takes less time than a fault for each.
  static void fetch_pages(void* block, std::size_t bytes) noexcept;

 private:
  struct Slab {
    std::size_t bytes = 0;          // of the mapping
    std::size_t blocks = 0;
    std::vector<std::size_t> free;  // numbers of free blocks; holds all of them without another allocation
  };
  using ByAddress = std::map<char*, Slab>;
  struct Size {
    std::size_t slabs = 0;
    std::size_t taken = 0;    // blocks
    std::vector<char*> open;  // slabs with free blocks; holds all of them without another allocation
  };

  ByAddress::iterator add(std::size_t block_bytes, Size& size);

  const Pages pages_;
  mutable std::mutex mutex_;
  ByAddress slabs_;
  std::unordered_map<std::size_t, Size> sizes_;  // by a block's bytes
  std::size_t mapped_ = 0;
};

}  // namespace tacet
