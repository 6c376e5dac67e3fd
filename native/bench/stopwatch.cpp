// SPDX-License-Identifier: Apache-2.0
#include "stopwatch.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "allocations.h"
#include "kernels/target.h"

#if TACET_X86
#include <x86intrin.h>
#endif

namespace tacet::bench {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t kFewestSamples = 5;
constexpr std::size_t kMostSamples = 100000;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Origin {
  Clock::time_point clock = Clock::now();
  u64 ticks = bench::ticks();
};
const Origin origin;

/// The calls of one function, in ticks.
struct Samples {
  std::vector<u64> all;
  Allocations allocated;

  void add(const std::function<void()>& run, const std::function<void()>& after) {
    const Allocations before = allocations();
    const u64 start = ticks();
    run();
    all.push_back(ticks() - start);
    allocated = allocated + (allocations() - before);
    after();
  }

  double min() const { return static_cast<double>(*std::min_element(all.begin(), all.end())) / ticks_per_second(); }

  double median() {
    const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
    std::nth_element(all.begin(), middle, all.end());
    return static_cast<double>(*middle) / ticks_per_second();
  }
};

bool goes_on(const Samples& samples, Clock::time_point start, double seconds) {
  return samples.all.size() < kFewestSamples || (seconds_since(start) < seconds && samples.all.size() < kMostSamples);
}

}  // namespace

u64 ticks() {
#if TACET_X86
  unsigned core = 0;
  return __rdtscp(&core);
#else
  return static_cast<u64>(std::chrono::duration_cast<std::chrono::nanoseconds>(Clock::now().time_since_epoch()).count());
#endif
}

double ticks_per_second() {
  while (seconds_since(origin.clock) < 0.02) {
  }
  const u64 now = ticks();
  return static_cast<double>(now - origin.ticks) / seconds_since(origin.clock);
}

Times measure(double seconds, const std::function<void()>& run, const std::function<void()>& after) {
  run();
  after();
  Samples samples;
  samples.all.reserve(kMostSamples);
  const Clock::time_point start = Clock::now();
  while (goes_on(samples, start, seconds)) samples.add(run, after);
  const double calls = static_cast<double>(samples.all.size());
  return {samples.min(), samples.median(), samples.all.size(), static_cast<double>(samples.allocated.calls) / calls,
          static_cast<double>(samples.allocated.bytes) / calls};
}

Times measure_difference(double seconds, const std::function<void()>& run, const std::function<void()>& base, int parts,
                         const std::function<void()>& after) {
  run();
  after();
  Samples whole, less;
  whole.all.reserve(kMostSamples);
  less.all.reserve(kMostSamples);
  const Clock::time_point start = Clock::now();
  while (goes_on(whole, start, seconds)) {
    whole.add(run, after);
    less.add(base, after);
  }
  const double calls = static_cast<double>(whole.all.size()) * parts;
  const auto of_one = [&](u64 a, u64 b) { return (static_cast<double>(a) - static_cast<double>(b)) / calls; };
  const double least = (whole.min() - less.min()) / parts;
  return {least, std::max(least, (whole.median() - less.median()) / parts), whole.all.size(),
          of_one(whole.allocated.calls, less.allocated.calls), of_one(whole.allocated.bytes, less.allocated.bytes)};
}

}  // namespace tacet::bench
