// SPDX-License-Identifier: Apache-2.0
#pragma once
// Times of repeated calls, in seconds and in ticks of the time stamp counter.

#include <functional>

#include "util/types.h"

namespace tacet::bench {

/// Ticks of the processor's time stamp counter, which runs at a constant rate; nanoseconds where there is none.
u64 ticks();
/// Ticks a second, measured against the steady clock over the life of the process so far (at least 20 ms).
double ticks_per_second();

/// Over the calls of one operation.
struct Times {
  double min = 0;     ///< seconds
  double median = 0;  ///< seconds
  std::size_t samples = 0;
  double allocations = 0;      ///< of one call, on average: see allocations.h
  double allocated_bytes = 0;  ///< of one call, on average
};

/// Calls `run` once unmeasured, then for at least `seconds` and five times. `after` runs after each call, outside the clock.
Times measure(double seconds, const std::function<void()>& run, const std::function<void()>& after);

/// Time of `run` less the time of `base`, divided by `parts`: minimum less minimum, median less median, which
/// on a busy machine could come out below: it is then given as the minimum. The two alternate.
Times measure_difference(double seconds, const std::function<void()>& run, const std::function<void()>& base, int parts,
                         const std::function<void()>& after);

}  // namespace tacet::bench
