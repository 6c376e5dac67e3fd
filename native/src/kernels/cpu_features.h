// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the processor and the operating system offer.

#include "util/types.h"

namespace tacet {

/// The feature words of an x86 processor, all zero on other architectures.
struct CpuFeatures {
  u32 leaf1_ecx = 0;    ///< cpuid leaf 1, ECX
  u32 leaf7_ebx = 0;    ///< cpuid leaf 7, subleaf 0, EBX
  u64 saved_state = 0;  ///< XCR0: the register state that the operating system saves

  /// Of the machine at hand.
  static const CpuFeatures& of_this_machine();
};

/// True if every feature that the avx512ifma table uses is there: AVX, AVX2, AVX-512 F, DQ, VL and IFMA in the
/// processor, and the state of the vector, mask and upper registers saved by the operating system. Each bit is tested
/// by itself: virtual machines and emulators report sets that no real processor has.
bool cpu_runs_avx512ifma(const CpuFeatures& features = CpuFeatures::of_this_machine());

/// True if there are AVX, AVX2 and FMA, and the operating system saves the vector registers.
bool cpu_runs_avx2(const CpuFeatures& features = CpuFeatures::of_this_machine());

}  // namespace tacet
