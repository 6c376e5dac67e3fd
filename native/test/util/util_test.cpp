// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/memory_flags.h"
#include "util/buffer.h"
#include "util/cancel.h"
#include "util/error.h"
#include "util/inline_vector.h"
#include "util/placement.h"
#include "util/secret_memory.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

TEST(ThreadPool, CallsEveryIndexOnce) {
  ThreadPool threads(3);
  std::vector<std::atomic<int>> calls(1000);
  threads.parallel_for(calls.size(), [&](std::size_t i) { ++calls[i]; });
  for (const auto& count : calls) EXPECT_EQ(1, count.load());
}

TEST(ThreadPool, RunsNestedLoopsInline) {
  ThreadPool threads(3);
  std::atomic<int> sum{0};
  threads.parallel_for(8, [&](std::size_t) {
    const std::thread::id outer = std::this_thread::get_id();
    threads.parallel_for(8, [&](std::size_t) {
      EXPECT_EQ(outer, std::this_thread::get_id());
      ++sum;
    });
  });
  EXPECT_EQ(64, sum.load());
}

TEST(ThreadPool, AThreadTakesTheSameIndexesLoopAfterLoop) {
  ThreadPool threads(2);
  const std::thread::id caller = std::this_thread::get_id();
  for (int round = 0; round < 20; ++round) {
    std::atomic<int> started{0};
    std::vector<std::thread::id> by(2);
    threads.parallel_for(2, [&](std::size_t i) {
      by[i] = std::this_thread::get_id();
      ++started;
      while (started < 2) std::this_thread::yield();  // so that neither takes both
    });
    EXPECT_EQ(caller, by[0]);
    EXPECT_NE(caller, by[1]);
  }
}

#if defined(__linux__)
std::size_t cores_of_this_thread() {
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? static_cast<std::size_t>(CPU_COUNT(&cores)) : 0;
}

TEST(ThreadPool, AThreadThatSleptMayRunOnEveryCoreAgain) {
  const std::size_t mine = cores_of_this_thread();
  ThreadPool threads(3);
  for (int round = 0; round < 5; ++round) {
    std::this_thread::sleep_for(std::chrono::milliseconds(3));  // its threads sleep when there was nothing to do for a while
    std::vector<std::size_t> cores(12);
    threads.parallel_for(cores.size(), [&](std::size_t i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      cores[i] = cores_of_this_thread();
    });
    for (std::size_t seen : cores) EXPECT_EQ(mine, seen) << "round " << round;
  }
}

TEST(Placement, SendsASleepingThreadToAnotherCoreThanTheCallers) {
  if (cores_of_this_thread() < 2) GTEST_SKIP() << "one core";
  std::mutex mutex;
  std::condition_variable wake;
  bool go = false;
  int began = -1;
  Placement placement;
  std::thread thread([&] {
    std::unique_lock<std::mutex> lock(mutex);
    wake.wait(lock, [&] { return go; });
    began = sched_getcpu();
    Placement::Cores cores;
    EXPECT_TRUE(placement.take(cores));
    EXPECT_FALSE(placement.take(cores));
    Placement::restore(cores);
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  int own;
  {
    std::lock_guard<std::mutex> lock(mutex);
    Placement::Cores before;
    EXPECT_FALSE(placement.take(before));
    own = sched_getcpu();
    for (std::size_t distance : {3, 1}) placement.send(thread, distance);
    if (sched_getcpu() != own) own = -2;  // this thread was moved meanwhile
    go = true;
  }
  wake.notify_one();
  thread.join();
  EXPECT_NE(own, began);
}
#endif

TEST(ThreadPool, RethrowsTheErrorOfABodyAndStaysUsable) {
  ThreadPool threads(2);
  EXPECT_THROW(threads.parallel_for(100,
                                    [](std::size_t i) {
                                      if (i == 17) fail(Code::kInternal, "at %zu", i);
                                    }),
               Error);
  std::atomic<int> sum{0};
  threads.parallel_for(10, [&](std::size_t) { ++sum; });
  EXPECT_EQ(10, sum.load());
}

TEST(ThreadPool, ServesManyCallersAtOnce) {
  ThreadPool threads(2);
  std::atomic<int> sum{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 4; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 50; ++round) threads.parallel_for(16, [&](std::size_t) { ++sum; });
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(4 * 50 * 16, sum.load());
}

TEST(ThreadPool, ManyCallersNeverRunMoreBodiesAtOnceThanItHasThreads) {
  ThreadPool threads(2);
  std::atomic<int> running{0}, most{0};
  std::vector<std::thread> callers;
  for (int c = 0; c < 5; ++c) {
    callers.emplace_back([&] {
      for (int round = 0; round < 30; ++round) {
        threads.parallel_for(8, [&](std::size_t) {
          const int now = ++running;
          int seen = most.load();
          while (now > seen && !most.compare_exchange_weak(seen, now)) {
          }
          std::this_thread::yield();
          --running;
        });
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_LE(most.load(), 2);
}

TEST(ThreadPool, ACallerWithoutASeatWaitsForOne) {
  ThreadPool threads(2);
  std::atomic<int> calls{0};
  std::thread late;
  {
    const ThreadPool::Seat mine(threads);
    std::atomic<bool> taken{false}, free{false};
    std::thread other([&] {
      const ThreadPool::Seat seat(threads);
      taken = true;
      while (!free) std::this_thread::yield();
    });
    while (!taken) std::this_thread::yield();
    late = std::thread([&] { threads.parallel_for(4, [&](std::size_t) { ++calls; }); });
    std::this_thread::sleep_for(std::chrono::milliseconds(30));
    EXPECT_EQ(0, calls.load());
    threads.parallel_for(3, [](std::size_t) {});  // whoever has a seat needs no other
    free = true;
    other.join();
  }
  late.join();
  EXPECT_EQ(4, calls.load());
}

TEST(ThreadPool, WaitingForASeatEndsWhenTheWorkIsCancelled) {
  ThreadPool threads(2);
  const ThreadPool::Seat mine(threads);
  std::atomic<bool> taken{false}, free{false};
  std::thread other([&] {
    const ThreadPool::Seat seat(threads);
    taken = true;
    while (!free) std::this_thread::yield();
  });
  while (!taken) std::this_thread::yield();
  std::thread late([&] {
    const CancelFlag flag{1};
    const CancelScope scope(&flag);
    try {
      threads.parallel_for(4, [](std::size_t) { ADD_FAILURE() << "ran without a seat"; });
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(Code::kCancelled, error.code);
    }
  });
  late.join();
  free = true;
  other.join();
}

TEST(InlineVector, MovesToTheHeapBeyondItsOwnRoom) {
  InlineVector<int, 4> list;
  EXPECT_TRUE(list.empty());
  for (int i = 0; i < 100; ++i) {
    list.push_back(i * i);
    ASSERT_EQ(static_cast<std::size_t>(i + 1), list.size());
    for (int j = 0; j <= i; ++j) ASSERT_EQ(j * j, list[static_cast<std::size_t>(j)]);
  }
}

#if defined(__linux__) && !defined(TACET_SANITIZED)  // the address sanitizer has blocks of its own
TEST(Buffer, LargeBlocksAskForHugePagesAndSmallOnesDoNot) {
  release_cached_buffers();
  const Buffer large((std::size_t{5} << 20) / sizeof(u64)), limb((std::size_t{1} << 15) + 72), small(4096);
  if (testing::takes_huge_pages()) {
    for (const Buffer* block : {&large, &limb}) {  // to the last word
      EXPECT_NE(std::string::npos, testing::flags_of(block->data()).find(" hg "));
      EXPECT_NE(std::string::npos, testing::flags_of(block->data() + block->size() - 1).find(" hg "));
    }
  }
  EXPECT_EQ(std::string::npos, testing::flags_of(small.data()).find(" hg "));
}
#endif

#if !defined(TACET_SANITIZED)  // the address sanitizer watches freed blocks, so they are not kept
TEST(Buffer, FreedBlocksAreUsedAgain) {
  constexpr std::size_t kWords = 123456;
  { const Buffer first(kWords); }
  const u64 before = blocks_from_system();
  for (int i = 0; i < 10; ++i) const Buffer again(kWords);
  EXPECT_EQ(before, blocks_from_system());
}

TEST(Buffer, AFreedBlockServesAnEighthLess) {
  release_cached_buffers();
  constexpr std::size_t kWords = 90'000;
  const u64* block = nullptr;
  {
    const Buffer first(kWords);
    block = first.data();
  }
  const u64 before = blocks_from_system();
  { const Buffer first(kWords * 8 / 9 + 1); EXPECT_EQ(block, first.data()); }
  { const Buffer whole(kWords); EXPECT_EQ(block, whole.data()); }  // it is as large as it was
  EXPECT_EQ(before, blocks_from_system());
  const Buffer less(kWords * 8 / 9 - 100);
  EXPECT_NE(block, less.data());
  EXPECT_EQ(before + 1, blocks_from_system());
}

TEST(Buffer, BlocksOfEverySizeDoNotPileUp) {
  release_cached_buffers();
  constexpr std::size_t kAtOnce = 20, kMost = 40, kMiB = std::size_t{1} << 20;
  const auto total = [] {
    std::size_t bytes = 0;
    for (const auto& [size, count] : blocks_held()) bytes += size * count;
    return bytes;
  };
  const std::size_t before = total();
  std::size_t most = 0;
  for (std::size_t way = 0; way < 2; ++way) {  // sizes grow, then shrink; no word is touched
    for (std::size_t step = 1; step <= kMost; ++step) {
      std::vector<Buffer> buffers;
      for (std::size_t i = 0; i < kAtOnce; ++i) buffers.emplace_back((way == 0 ? step : kMost + 1 - step) * kMiB / sizeof(u64));
      most = std::max(most, total() - before);
    }
  }
  EXPECT_LE(most, kAtOnce * kMost * kMiB + 256 * kMiB + kMost * kMiB);  // those in use, and what is kept at any rate
  release_cached_buffers();
}

TEST(Buffer, BlocksHadReadyServeTheBuffersToCome) {
  release_cached_buffers();
  constexpr std::size_t kWords = 65'536, kBytes = kWords * sizeof(u64);
  const auto held = blocks_held();
  keep_blocks_ready({{kBytes, 3}, {64, 5}});  // the second are not of the sizes that are kept
  auto expected = held;
  expected[kBytes] += 3;
  EXPECT_EQ(expected, blocks_held());
  const u64 before = blocks_from_system();
  const Buffer a(kWords), b(kWords), c(kWords);
  EXPECT_EQ(before, blocks_from_system());
  const Buffer d(kWords);
  EXPECT_EQ(before + 1, blocks_from_system());
}

TEST(Buffer, AThreadGetsItsOwnBlocksBackFirst) {
  constexpr std::size_t kWords = 98'765;  // a size of its own
  const u64* mine = nullptr;
  Buffer theirs(kWords);
  {
    const Buffer own(kWords);
    mine = own.data();
  }
  std::thread([&] { const Buffer block = std::move(theirs); }).join();  // given back last, by another thread
  const Buffer again(kWords);
  EXPECT_EQ(mine, again.data());
  const Buffer other(kWords);  // rather another thread's than a new one
  EXPECT_NE(mine, other.data());
}
#endif

TEST(Buffer, IsAlignedCopiesDeeplyAndMoves) {
  Buffer a(1000);
  EXPECT_EQ(0u, reinterpret_cast<std::uintptr_t>(a.data()) % 64);
  a.data()[999] = 5;
  Buffer b = a;
  b.data()[999] = 6;
  EXPECT_EQ(5u, a.data()[999]);
  const u64* at = b.data();
  Buffer c = std::move(b);
  EXPECT_EQ(at, c.data());
  EXPECT_EQ(nullptr, b.data());
}

TEST(Buffer, AnImpossibleSizeIsOutOfMemoryWithTheBytes) {
  try {
    Buffer impossible(std::size_t{1} << 49);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(Code::kOutOfMemory, error.code);
    EXPECT_NE(std::string::npos, error.text.find("4503599627370496"));
  }
}

TEST(SecretBytes, StartAsZerosAndMove) {
  SecretBytes a(10000);
  for (std::size_t i = 0; i < a.size(); ++i) ASSERT_EQ(0, a.data()[i]);
  a.data()[0] = 7;
  SecretBytes b = std::move(a);
  EXPECT_EQ(7, b.data()[0]);
  EXPECT_EQ(10000u, b.size());
}

TEST(SecretBytes, SecureZeroClears) {
  u8 bytes[16];
  std::memset(bytes, 0xab, sizeof bytes);
  secure_zero(bytes, sizeof bytes);
  for (u8 byte : bytes) EXPECT_EQ(0, byte);
}

}  // namespace
}  // namespace tacet
