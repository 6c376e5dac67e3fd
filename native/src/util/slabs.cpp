// SPDX-License-Identifier: Apache-2.0
#include "util/slabs.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "util/error.h"

namespace tacet {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;
constexpr std::size_t kSlab = 16 * kHugePage;
constexpr std::size_t kFewestBlocks = 16;  // where they fit into kSlab
constexpr std::size_t kApart = 576;  // between blocks: a few lines more than a power of two

std::size_t stride_of(std::size_t bytes) { return (bytes + Slabs::kAlignment - 1) / Slabs::kAlignment * Slabs::kAlignment + kApart; }

/// `bytes` (a multiple of huge pages) from the system, at the boundary of a huge page; null if there are none.
char* map_aligned(std::size_t bytes, Slabs::Pages pages) {
  void* const all = mmap(nullptr, bytes + kHugePage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (all == MAP_FAILED) return nullptr;
  char* const start = static_cast<char*>(all);
  const std::size_t before = (kHugePage - reinterpret_cast<std::uintptr_t>(all) % kHugePage) % kHugePage;
  if (before != 0) munmap(start, before);
  if (before != kHugePage) munmap(start + before + bytes, kHugePage - before);
#ifdef MADV_HUGEPAGE
  madvise(start + before, bytes, pages == Slabs::Pages::kHuge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);  // a wish: the system may ignore it
#else
  static_cast<void>(pages);
#endif
  return start + before;
}

}  // namespace

Slabs::Pages Slabs::pages_named(const char* text, Pages otherwise) {
  if (text == nullptr || *text == '\0') return otherwise;
  if (std::strcmp(text, "huge") == 0) return Pages::kHuge;
  if (std::strcmp(text, "small") == 0) return Pages::kSmall;
  fail(Code::kInvalidArgument, "TACET_PAGES is \"%.40s\"; it must be huge or small", text);
}

Slabs::~Slabs() {
  for (const auto& [start, slab] : slabs_) munmap(start, slab.bytes);
}

Slabs::ByAddress::iterator Slabs::add(std::size_t block_bytes, Size& size) {
  const std::size_t stride = stride_of(block_bytes);
  Slab slab;
  const std::size_t blocks = std::clamp<std::size_t>(kSlab / stride, 1, kFewestBlocks);
  slab.bytes = (blocks * stride + kHugePage - 1) / kHugePage * kHugePage;
  slab.blocks = slab.bytes / stride;  // as many as its huge pages hold
  for (std::size_t i = slab.blocks; i-- > 0;) slab.free.push_back(i);
  size.open.reserve(size.slabs + 1);
  ByAddress unplaced;
  ByAddress::node_type node = unplaced.extract(unplaced.emplace(nullptr, std::move(slab)).first);
  char* const start = map_aligned(node.mapped().bytes, pages_);
  if (start == nullptr) return slabs_.end();
  node.key() = start;
  mapped_ += node.mapped().bytes;
  ++size.slabs;
  size.open.push_back(start);
  return slabs_.insert(std::move(node)).position;
}

void* Slabs::take(std::size_t bytes) {
  std::lock_guard<std::mutex> lock(mutex_);
  Size& size = sizes_[bytes];
  const ByAddress::iterator slab = size.open.empty() ? add(bytes, size) : slabs_.find(size.open.back());
  if (slab == slabs_.end()) return nullptr;
  std::vector<std::size_t>& free = slab->second.free;
  const std::size_t number = free.back();
  free.pop_back();
  if (free.empty()) size.open.pop_back();
  ++size.taken;
  return slab->first + number * stride_of(bytes);
}

void Slabs::give(void* block, std::size_t bytes) noexcept {
  std::lock_guard<std::mutex> lock(mutex_);
  const ByAddress::iterator slab = std::prev(slabs_.upper_bound(static_cast<char*>(block)));
  std::vector<std::size_t>& free = slab->second.free;
  Size& size = sizes_.find(bytes)->second;
  --size.taken;
  free.push_back(static_cast<std::size_t>(static_cast<char*>(block) - slab->first) / stride_of(bytes));
  if (free.size() == 1) size.open.push_back(slab->first);
  if (free.size() < slab->second.blocks) return;
  size.open.erase(std::find(size.open.begin(), size.open.end(), slab->first));
  --size.slabs;
  mapped_ -= slab->second.bytes;
  munmap(slab->first, slab->second.bytes);
  slabs_.erase(slab);
}

std::size_t Slabs::mapped() const {
  std::lock_guard<std::mutex> lock(mutex_);
  return mapped_;
}

std::map<std::size_t, std::size_t> Slabs::taken() const {
  std::lock_guard<std::mutex> lock(mutex_);
  std::map<std::size_t, std::size_t> all;
  for (const auto& [bytes, size] : sizes_) {
    if (size.taken > 0) all[bytes] = size.taken;
  }
  return all;
}

void Slabs::fetch_pages(void* block, std::size_t bytes) noexcept {
#ifdef MADV_POPULATE_WRITE
  const std::uintptr_t page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t at = reinterpret_cast<std::uintptr_t>(block), start = at / page * page;
  constexpr std::size_t kStep = std::size_t{256} << 10;  // meanwhile the process can map nothing else
  for (std::uintptr_t from = start; from < at + bytes; from += kStep) {  // a system that cannot fetches them one by one
    madvise(reinterpret_cast<void*>(from), std::min(kStep, at + bytes - from), MADV_POPULATE_WRITE);
  }
#else
  static_cast<void>(block);
  static_cast<void>(bytes);
#endif
}

}  // namespace tacet
