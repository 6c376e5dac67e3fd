// SPDX-License-Identifier: Apache-2.0
#pragma once
// Counts what the engine asks of the system's allocator.

#include "util/types.h"

namespace tacet::bench {

/// Calls and bytes since the process started.
struct Allocations {
  u64 calls = 0;
  u64 bytes = 0;
};
inline Allocations operator+(const Allocations& a, const Allocations& b) { return {a.calls + b.calls, a.bytes + b.bytes}; }
inline Allocations operator-(const Allocations& a, const Allocations& b) { return {a.calls - b.calls, a.bytes - b.bytes}; }

/// All threads: operator new, and with the GNU linker also malloc, aligned_alloc, posix_memalign and mmap as the engine calls
/// them. What the engine takes from its own pools is not counted.
Allocations allocations();

}  // namespace tacet::bench
