// SPDX-License-Identifier: Apache-2.0
// A machine that lacks any one feature of a table does not get it.
#include "kernels/cpu_features.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <string>

#include "kernels/kernels.h"
#include "support/fixture.h"

namespace tacet::testing {
namespace {

struct Bit {
  const char* name;
  u64 CpuFeatures::*state;
  u32 CpuFeatures::*word;
  int number;

  bool in(const CpuFeatures& f) const {
    return ((state != nullptr ? f.*state : static_cast<u64>(f.*word)) >> number & 1) != 0;
  }
  CpuFeatures removed_from(CpuFeatures f) const {
    if (state != nullptr) {
      f.*state &= ~(u64{1} << number);
    } else {
      f.*word &= ~(u32{1} << number);
    }
    return f;
  }
};

Bit leaf1(const char* name, int number) { return {name, nullptr, &CpuFeatures::leaf1_ecx, number}; }
Bit leaf7(const char* name, int number) { return {name, nullptr, &CpuFeatures::leaf7_ebx, number}; }
Bit state(const char* name, int number) { return {name, &CpuFeatures::saved_state, nullptr, number}; }

const std::vector<Bit> kAvx2 = {leaf1("fma", 12), leaf1("osxsave", 27), leaf1("avx", 28),
                                leaf7("avx2", 5), state("xmm", 1),      state("ymm", 2)};
const std::vector<Bit> kAvx512ifma = {leaf1("osxsave", 27),  leaf1("avx", 28),      leaf7("avx2", 5),
                                      leaf7("avx512f", 16),  leaf7("avx512dq", 17), leaf7("avx512ifma", 21),
                                      leaf7("avx512vl", 31), state("xmm", 1),       state("ymm", 2),
                                      state("opmask", 5),    state("zmm_hi256", 6), state("hi16_zmm", 7)};

void expect_each_bit_needed(bool (*runs)(const CpuFeatures&), const std::vector<Bit>& bits) {
  CpuFeatures all;
  all.leaf1_ecx = all.leaf7_ebx = ~u32{0};
  all.saved_state = ~u64{0};
  EXPECT_TRUE(runs(all));
  EXPECT_FALSE(runs(CpuFeatures()));
  CpuFeatures just;
  for (const Bit& bit : bits) {
    EXPECT_FALSE(runs(bit.removed_from(all))) << "without " << bit.name;
    if (bit.state != nullptr) just.*bit.state |= u64{1} << bit.number;
    if (bit.word != nullptr) just.*bit.word |= u32{1} << bit.number;
  }
  EXPECT_TRUE(runs(just)) << "with what the table uses and nothing else";
}

TEST(CpuFeatures, EachFeatureOfTheAvx2TableIsNeeded) {
  expect_each_bit_needed([](const CpuFeatures& f) { return cpu_runs_avx2(f); }, kAvx2);
}

TEST(CpuFeatures, EachFeatureOfTheAvx512ifmaTableIsNeeded) {
  expect_each_bit_needed([](const CpuFeatures& f) { return cpu_runs_avx512ifma(f); }, kAvx512ifma);
}

#if defined(__linux__) && defined(__x86_64__)
/// The flags line of /proc/cpuinfo with blanks around each name. The kernel leaves out what it does not save for its processes.
std::string kernel_flags() {
  std::ifstream info("/proc/cpuinfo");
  std::string flags;
  while (std::getline(info, flags) && flags.rfind("flags", 0) != 0) {
  }
  return flags + ' ';
}

TEST(CpuFeatures, TheTablesAreThoseWhoseFlagsTheKernelNames) {
  const std::string flags = kernel_flags();
  const auto named = [&flags](const auto& bits) {
    return std::all_of(std::begin(bits), std::end(bits), [&flags](const Bit& bit) {
      return bit.state != nullptr || std::string(bit.name) == "osxsave" || flags.find(std::string(" ") + bit.name + " ") != std::string::npos;
    });
  };
  std::vector<std::string> expected, names;
  if (named(kAvx512ifma)) expected.push_back("avx512ifma");
  if (named(kAvx2)) expected.push_back("avx2");
  expected.push_back("scalar");
  for (const Kernels* table : available_kernels()) names.push_back(table->name);
  EXPECT_EQ(expected, names);
}

TEST(CpuFeatures, OfThisMachineIncludeThoseThatTheKernelNames) {
  const std::string flags = kernel_flags();
  const CpuFeatures& f = CpuFeatures::of_this_machine();
  for (const auto& bits : {kAvx2, kAvx512ifma}) {
    for (const Bit& bit : bits) {
      if (bit.state != nullptr || std::string(bit.name) == "osxsave") continue;
      const bool named = flags.find(std::string(" ") + bit.name + " ") != std::string::npos;
      EXPECT_TRUE(!named || bit.in(f)) << bit.name;
    }
  }
}
#endif

}  // namespace
}  // namespace tacet::testing
