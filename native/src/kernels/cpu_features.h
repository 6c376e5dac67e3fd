// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the processor and the operating system offer.

namespace tacet {

/// True if every feature that the avx512ifma table uses is there: AVX2, AVX-512 F, DQ, VL and IFMA in the processor, and the
/// state of the vector, mask and upper registers saved by the operating system. False on other architectures.
bool cpu_runs_avx512ifma();

/// True if the processor has AVX2 and FMA and the operating system saves the vector registers. False on other architectures.
bool cpu_runs_avx2();

}  // namespace tacet
