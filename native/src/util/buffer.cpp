// SPDX-License-Identifier: Apache-2.0
#include "util/buffer.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>
#include <vector>

#include "util/error.h"
#include "util/slabs.h"

#if defined(__SANITIZE_ADDRESS__)
#define TACET_CACHE_BUFFERS 0  // neither cache nor slabs: the sanitizer watches each block by itself
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define TACET_CACHE_BUFFERS 0
#endif
#endif
#ifndef TACET_CACHE_BUFFERS
#define TACET_CACHE_BUFFERS 1
#endif

namespace tacet {
namespace {

constexpr std::size_t kSmallestCached = std::size_t{16} << 10;
constexpr std::size_t kFewestCachedBytes = std::size_t{256} << 20;

std::atomic<u64> from_system{0};

/// An eighth of the machine's memory, at least a quarter of a GiB.
std::size_t cache_limit() {
  const long pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return kFewestCachedBytes;
  return std::max(kFewestCachedBytes, static_cast<std::size_t>(pages) / 8 * static_cast<std::size_t>(page));
}

std::size_t rounded_bytes(std::size_t words) {
  if (words > (std::size_t{1} << 50)) fail(Code::kOutOfMemory, "cannot allocate %zu words", words);
  return (words * sizeof(u64) + Slabs::kAlignment - 1) / Slabs::kAlignment * Slabs::kAlignment;
}

std::atomic<Slabs::Pages> pages{Slabs::Pages::kHuge};

Slabs& slabs() {
  // Never destroyed: buffers with static lifetime may outlive any order of destruction.
  static Slabs* instance = new Slabs(Slabs::pages_named(std::getenv("TACET_PAGES"), pages.load()));
  return *instance;
}

bool in_slab(std::size_t bytes) { return TACET_CACHE_BUFFERS && bytes >= Slabs::kSmallest; }

u64* take_from_system(std::size_t bytes) {
  void* block = in_slab(bytes) ? slabs().take(bytes) : std::aligned_alloc(Slabs::kAlignment, bytes);
  if (block == nullptr) fail(Code::kOutOfMemory, "cannot allocate %zu bytes", bytes);
  from_system.fetch_add(1, std::memory_order_relaxed);
  return static_cast<u64*>(block);
}

void give_to_system(u64* block, std::size_t bytes) noexcept {
  in_slab(bytes) ? slabs().give(block, bytes) : std::free(block);
}

/// A number of the calling thread.
std::size_t this_thread() {
  static std::atomic<std::size_t> threads{0};
  thread_local const std::size_t number = threads.fetch_add(1, std::memory_order_relaxed);
  return number;
}

/// Words and the bytes of the block that holds them.
struct Taken {
  u64* words;
  std::size_t bytes;
};

/// Free blocks by size, at most cache_limit() bytes in all. A thread gets one that it gave back itself, if there is one: its words
/// may still be in the caches of its core, and writing words that another core holds takes several times as long.
class Cache {
 public:
  /// The smallest free block of at least `bytes` and at most an eighth more; null words if there is none. It may be three times as much
  /// more where pages are small, since a page that is new to the process takes longer to fetch than all that is done with its words, and
  /// where many bytes are free: blocks of each level's size would add up to several times what is in use at once. There, if none
  /// fits, as many bytes return to the system as the caller is about to take from it.
  Taken take(std::size_t bytes) {
    std::lock_guard<std::mutex> lock(mutex_);
    const bool many = cached_ > kFewestCachedBytes;
    const std::size_t more = many || slabs().pages() == Slabs::Pages::kSmall ? 3 * bytes : bytes / 8;
    auto found = free_.lower_bound(bytes);
    while (found != free_.end() && found->second.empty()) ++found;
    if (found == free_.end() || found->first > bytes + more) {
      if (many) shrink(bytes);
      return {nullptr, 0};
    }
    std::vector<Block>& blocks = found->second;
    const std::size_t thread = this_thread();
    for (std::size_t i = blocks.size(); i-- > blocks.size() - std::min(kLooks, blocks.size());) {
      if (blocks[i].thread != thread) continue;
      std::swap(blocks[i], blocks.back());
      break;
    }
    u64* block = blocks.back().words;
    blocks.pop_back();
    cached_ -= found->first;
    return {block, found->first};
  }

  bool give(u64* block, std::size_t bytes) noexcept {
    std::lock_guard<std::mutex> lock(mutex_);
    if (cached_ + bytes > limit_) return false;
    try {
      free_[bytes].push_back({block, this_thread(), ++given_});
    } catch (...) {
      return false;
    }
    cached_ += bytes;
    return true;
  }

  void release() {
    std::lock_guard<std::mutex> lock(mutex_);
    for (auto& entry : free_) {
      for (const Block& block : entry.second) give_to_system(block.words, entry.first);
    }
    free_.clear();
    cached_ = 0;
  }

 private:
  static constexpr std::size_t kLooks = 16;  // at the blocks given back last
  struct Block {
    u64* words;
    std::size_t thread;  // that gave it back
    u64 given;           // when: a number that grows
  };

  /// Gives blocks back to the system, those first that have been free for longest, until that was `bytes` or few bytes are left.
  void shrink(std::size_t bytes) {
    std::size_t given_back = 0;
    while (given_back < bytes && cached_ > kFewestCachedBytes) {
      auto oldest = free_.end();
      for (auto size = free_.begin(); size != free_.end(); ++size) {
        if (size->second.empty()) continue;
        if (oldest == free_.end() || size->second.front().given < oldest->second.front().given) oldest = size;
      }
      give_to_system(oldest->second.front().words, oldest->first);
      oldest->second.erase(oldest->second.begin());
      cached_ -= oldest->first;
      given_back += oldest->first;
    }
  }

  const std::size_t limit_ = cache_limit();
  std::mutex mutex_;
  std::map<std::size_t, std::vector<Block>> free_;  // by bytes; a list that is empty keeps its room
  std::size_t cached_ = 0;
  u64 given_ = 0;
};

Cache& cache() {
  // Never destroyed: buffers with static lifetime may outlive any order of destruction.
  static Cache* instance = new Cache;
  return *instance;
}

Taken allocate(std::size_t words) {
  const std::size_t bytes = rounded_bytes(words);
  if (TACET_CACHE_BUFFERS && bytes >= kSmallestCached) {
    const Taken cached = cache().take(bytes);
    if (cached.words != nullptr) return cached;
  }
  return {take_from_system(bytes), bytes};
}

}  // namespace

Buffer::Buffer(std::size_t size) : size_(size) {
  if (size == 0) return;
  const Taken taken = allocate(size);
  data_ = taken.words;
  block_ = taken.bytes;
}

Buffer Buffer::borrow(const u64* words, std::size_t size) {
  Buffer buffer;
  buffer.data_ = const_cast<u64*>(words);
  buffer.size_ = size;
  return buffer;
}

Buffer::~Buffer() {
  if (block_ == 0) return;
  if (TACET_CACHE_BUFFERS && block_ >= kSmallestCached && cache().give(data_, block_)) return;
  give_to_system(data_, block_);
}

Buffer::Buffer(const Buffer& other) : Buffer(other.size_) {
  if (size_ != 0) std::memcpy(data_, other.data_, size_ * sizeof(u64));
}

Buffer& Buffer::operator=(const Buffer& other) {
  if (this != &other) {
    Buffer copy(other);
    *this = std::move(copy);
  }
  return *this;
}

void keep_buffers_in_small_pages() { pages = Slabs::Pages::kSmall; }

u64 blocks_from_system() { return from_system.load(std::memory_order_relaxed); }

std::map<std::size_t, std::size_t> blocks_held() { return slabs().taken(); }

void keep_blocks_ready(const std::map<std::size_t, std::size_t>& blocks) {
  for (const auto& [bytes, count] : blocks) {
    if (!in_slab(bytes)) continue;
    for (std::size_t k = 0; k < count; ++k) {
      void* const block = slabs().take(bytes);
      if (block == nullptr) return;
      Slabs::fetch_pages(block, bytes);
      if (cache().give(static_cast<u64*>(block), bytes)) continue;
      give_to_system(static_cast<u64*>(block), bytes);
      return;
    }
  }
}

void release_cached_buffers() { cache().release(); }

}  // namespace tacet
