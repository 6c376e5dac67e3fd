// SPDX-License-Identifier: Apache-2.0
#pragma once
// What this machine can do at most, on one core, measured.

#include <cstddef>
#include <utility>
#include <vector>

namespace tacet::bench {

/// Rates in operations a second (a vector instruction is one operation). 0: the processor has no such instruction.
struct MachineLimits {
  double ifma512 = 0;    ///< vpmadd52luq, 8 lanes
  double add512 = 0;     ///< vpaddq, 8 lanes
  double mullo512 = 0;   ///< vpmullq, 8 lanes
  double fma256 = 0;     ///< vfmadd, 4 doubles
  double add256 = 0;     ///< vpaddq, 4 lanes
  double multiply64 = 0; ///< 64 x 64 -> 128 bit
  double add64 = 0;
  /// (bytes, bytes read a second) for working sets from 1 MiB up, ascending.
  std::vector<std::pair<std::size_t, double>> reads;

  /// Bytes a second for a working set of that size: the entry at or above it.
  double read_rate(double working_set) const;
};

/// Takes about a second.
MachineLimits measure_limits();

}  // namespace tacet::bench
