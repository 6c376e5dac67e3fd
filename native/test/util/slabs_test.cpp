// SPDX-License-Identifier: Apache-2.0
#include "util/slabs.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstdint>
#include <cstring>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "util/error.h"

namespace tacet {
namespace {

constexpr std::size_t kMiB = std::size_t{1} << 20;

struct Block {
  unsigned char* bytes;
  std::size_t size;
  unsigned char mark;
};

class SlabsOf : public ::testing::TestWithParam<Slabs::Pages> {};

INSTANTIATE_TEST_SUITE_P(Pages, SlabsOf, ::testing::Values(Slabs::Pages::kHuge, Slabs::Pages::kSmall));

TEST_P(SlabsOf, BlocksAreAlignedAndNeverOverlap) {
  Slabs slabs(GetParam());
  std::mt19937 engine(7);
  const std::size_t sizes[] = {Slabs::kSmallest, Slabs::kSmallest + 64, 256 << 10, 3 * kMiB + 4160, 20 * kMiB, 40 * kMiB};
  std::vector<Block> held;
  for (int step = 0; step < 2000; ++step) {
    if (held.size() < 12 && engine() % 2 == 0) {
      const std::size_t size = sizes[engine() % (step % 50 == 0 ? 6 : 4)];
      auto* bytes = static_cast<unsigned char*>(slabs.take(size));
      ASSERT_NE(nullptr, bytes);
      EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(bytes) % Slabs::kAlignment);
      const auto mark = static_cast<unsigned char>(engine());
      std::memset(bytes, mark, 4096);
      std::memset(bytes + size - 4096, mark, 4096);
      held.push_back({bytes, size, mark});
    } else if (!held.empty()) {
      std::swap(held[engine() % held.size()], held.back());
      const Block block = held.back();
      held.pop_back();
      for (std::size_t i = 0; i < 4096; ++i) {
        ASSERT_EQ(block.mark, block.bytes[i]);
        ASSERT_EQ(block.mark, block.bytes[block.size - 1 - i]);
      }
      slabs.give(block.bytes, block.size);
    }
  }
  for (const Block& block : held) slabs.give(block.bytes, block.size);
  EXPECT_EQ(0u, slabs.mapped());
}

TEST(Slabs, BlocksOfOneSizeShareASlabAndDifferentSetsOfTheCache) {
  Slabs slabs;
  std::vector<void*> blocks;
  std::set<std::uintptr_t> sets;
  for (int i = 0; i < 16; ++i) {
    blocks.push_back(slabs.take(kMiB));
    sets.insert(reinterpret_cast<std::uintptr_t>(blocks.back()) % 4096 / 64);
  }
  EXPECT_EQ(18 * kMiB, slabs.mapped());  // 16 MiB and what keeps them apart, in huge pages
  EXPECT_EQ(16u, sets.size());
  for (void* block : blocks) slabs.give(block, kMiB);
  EXPECT_EQ(0u, slabs.mapped());
}

TEST(Slabs, PagesAreNamedAndAnythingElseIsAnError) {
  EXPECT_EQ(Slabs::pages_named("huge", Slabs::Pages::kSmall), Slabs::Pages::kHuge);
  EXPECT_EQ(Slabs::pages_named("small", Slabs::Pages::kHuge), Slabs::Pages::kSmall);
  EXPECT_EQ(Slabs::pages_named(nullptr, Slabs::Pages::kSmall), Slabs::Pages::kSmall);
  EXPECT_EQ(Slabs::pages_named("", Slabs::Pages::kHuge), Slabs::Pages::kHuge);
  try {
    Slabs::pages_named("large", Slabs::Pages::kHuge);
    FAIL() << "taken";
  } catch (const Error& e) {
    EXPECT_EQ(e.code, Code::kInvalidArgument);
    EXPECT_NE(std::string(e.what()).find("\"large\""), std::string::npos) << e.what();
  }
}

TEST(Slabs, BlocksFillTheHugePagesOfTheirSlab) {
  Slabs slabs;
  std::vector<void*> blocks;
  for (int i = 0; i < 31; ++i) blocks.push_back(slabs.take(Slabs::kSmallest));
  EXPECT_EQ(4 * kMiB, slabs.mapped());
  blocks.push_back(slabs.take(Slabs::kSmallest));
  EXPECT_EQ(8 * kMiB, slabs.mapped());
  for (void* block : blocks) slabs.give(block, Slabs::kSmallest);
  EXPECT_EQ(0u, slabs.mapped());
}

TEST(Slabs, FreedBlocksAreTakenBeforeAnotherSlab) {
  Slabs slabs;
  std::vector<void*> blocks;
  for (int i = 0; i < 40; ++i) blocks.push_back(slabs.take(kMiB));
  const std::size_t mapped = slabs.mapped();
  for (int i = 0; i < 40; i += 2) slabs.give(blocks[static_cast<std::size_t>(i)], kMiB);
  EXPECT_EQ(mapped, slabs.mapped());
  for (int i = 0; i < 40; i += 2) blocks[static_cast<std::size_t>(i)] = slabs.take(kMiB);
  EXPECT_EQ(mapped, slabs.mapped());
  EXPECT_EQ(40u, std::set<void*>(blocks.begin(), blocks.end()).size());
  for (void* block : blocks) slabs.give(block, kMiB);
  EXPECT_EQ(0u, slabs.mapped());
}

TEST(Slabs, TakenBlocksAreCountedBySize) {
  Slabs slabs;
  void* const a = slabs.take(kMiB);
  void* const b = slabs.take(kMiB);
  void* const c = slabs.take(2 * kMiB);
  using Counts = std::map<std::size_t, std::size_t>;
  EXPECT_EQ((Counts{{kMiB, 2}, {2 * kMiB, 1}}), slabs.taken());
  slabs.give(a, kMiB);
  slabs.give(c, 2 * kMiB);
  EXPECT_EQ((Counts{{kMiB, 1}}), slabs.taken());
  slabs.give(b, kMiB);
  EXPECT_EQ(Counts{}, slabs.taken());
}

TEST(Slabs, FetchedPagesAreInPlaceToTheLastWord) {
  Slabs slabs(Slabs::Pages::kSmall);
  auto* const block = static_cast<unsigned char*>(slabs.take(kMiB + 64));
  Slabs::fetch_pages(block, kMiB + 64);
  const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(block) / page * page;
  const std::uintptr_t last = (reinterpret_cast<std::uintptr_t>(block) + kMiB + 63) / page * page;
  std::vector<unsigned char> resident((last - first) / page + 1);
  ASSERT_EQ(0, mincore(reinterpret_cast<void*>(first), last + page - first, resident.data()));
#ifdef MADV_POPULATE_WRITE
  if (madvise(reinterpret_cast<void*>(first), page, MADV_POPULATE_WRITE) == 0) {  // since Linux 5.14
    for (const unsigned char is : resident) EXPECT_EQ(1, is & 1);
  }
#endif
  slabs.give(block, kMiB + 64);
}

TEST(Slabs, WhatTheSystemDoesNotHaveIsNull) {
  Slabs slabs;
  EXPECT_EQ(nullptr, slabs.take(std::size_t{1} << 52));
  EXPECT_EQ(0u, slabs.mapped());
  void* const block = slabs.take(kMiB);
  EXPECT_NE(nullptr, block);
  slabs.give(block, kMiB);
}

}  // namespace
}  // namespace tacet
