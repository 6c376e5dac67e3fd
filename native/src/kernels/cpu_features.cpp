// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_features.h"

#include "kernels/target.h"
#include "util/types.h"

#if TACET_X86
#include <cpuid.h>
#endif

namespace tacet {
#if TACET_X86
namespace {

/// The feature words of cpuid and the register state that the operating system saves. Each bit is tested by itself: virtual
/// machines and emulators report sets that no real processor has.
struct Cpu {
  u32 leaf1_ecx = 0;
  u32 leaf7_ebx = 0;
  u64 saved_state = 0;  // XCR0

  Cpu() {
    u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
    if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0) leaf1_ecx = ecx;
    if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) leaf7_ebx = ebx;
    if ((leaf1_ecx & bit_OSXSAVE) != 0) {
      u32 low = 0, high = 0;
      __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
      saved_state = static_cast<u64>(high) << 32 | low;
    }
  }

  bool saves(u64 state) const { return (saved_state & state) == state; }
  bool leaf1(u32 bit) const { return (leaf1_ecx & bit) != 0; }
  bool leaf7(u32 bit) const { return (leaf7_ebx & bit) != 0; }
};

const Cpu& cpu() {
  static const Cpu features;
  return features;
}

constexpr u64 kVectorState = 0x06;  // XMM, YMM
constexpr u64 kMaskState = 0xe0;    // opmask, upper halves of ZMM0-15, ZMM16-31

}  // namespace

bool cpu_runs_avx512ifma() {
  const Cpu& c = cpu();
  return c.saves(kVectorState | kMaskState) && c.leaf1(bit_AVX) && c.leaf7(bit_AVX2) && c.leaf7(bit_AVX512F) &&
         c.leaf7(bit_AVX512DQ) && c.leaf7(bit_AVX512VL) && c.leaf7(bit_AVX512IFMA);
}

bool cpu_runs_avx2() {
  const Cpu& c = cpu();
  return c.saves(kVectorState) && c.leaf1(bit_AVX) && c.leaf1(bit_FMA) && c.leaf7(bit_AVX2);
}

#else

bool cpu_runs_avx512ifma() { return false; }
bool cpu_runs_avx2() { return false; }

#endif
}  // namespace tacet
