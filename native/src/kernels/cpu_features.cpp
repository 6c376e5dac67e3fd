// SPDX-License-Identifier: Apache-2.0
#include "kernels/cpu_features.h"

#include "kernels/target.h"

#if TACET_X86
#include <cpuid.h>
#endif

namespace tacet {
namespace {

// Bit numbers from Intel's and AMD's architecture manuals.
constexpr u32 kFma = u32{1} << 12, kXsaveByTheSystem = u32{1} << 27, kAvx = u32{1} << 28;  // leaf 1, ECX
constexpr u32 kAvx2 = u32{1} << 5, kAvx512F = u32{1} << 16, kAvx512Dq = u32{1} << 17, kAvx512Ifma = u32{1} << 21,
              kAvx512Vl = u32{1} << 31;  // leaf 7, EBX
constexpr u64 kVectorState = 0x06;       // XMM, YMM
constexpr u64 kMaskState = 0xe0;         // opmask, upper halves of ZMM0-15, ZMM16-31

/// True if all the bits are set.
bool has(u64 word, u64 bits) { return (word & bits) == bits; }

CpuFeatures read() {
  CpuFeatures f;
#if TACET_X86
  u32 eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) != 0) f.leaf1_ecx = ecx;
  if (__get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0) f.leaf7_ebx = ebx;
  if (has(f.leaf1_ecx, kXsaveByTheSystem)) {  // without it xgetbv is no instruction
    u32 low = 0, high = 0;
    __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    f.saved_state = static_cast<u64>(high) << 32 | low;
  }
#endif
  return f;
}

}  // namespace

const CpuFeatures& CpuFeatures::of_this_machine() {
  static const CpuFeatures features = read();
  return features;
}

bool cpu_runs_avx512ifma(const CpuFeatures& f) {
  return has(f.leaf1_ecx, kXsaveByTheSystem | kAvx) &&
         has(f.leaf7_ebx, kAvx2 | kAvx512F | kAvx512Dq | kAvx512Vl | kAvx512Ifma) &&
         has(f.saved_state, kVectorState | kMaskState);
}

bool cpu_runs_avx2(const CpuFeatures& f) {
  return has(f.leaf1_ecx, kXsaveByTheSystem | kAvx | kFma) && has(f.leaf7_ebx, kAvx2) &&
         has(f.saved_state, kVectorState);
}

}  // namespace tacet
