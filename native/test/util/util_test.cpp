// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>
#include <vector>

#include "util/buffer.h"
#include "util/error.h"
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
