// SPDX-License-Identifier: Apache-2.0
#pragma once
// On which core a thread begins.

#include <cstddef>
#include <thread>

#if defined(__linux__)
#include <sched.h>
#endif

namespace tacet {

/// Sends a thread that sleeps to another core than its waker's before it is woken. Left alone, some systems begin it on the waker's own
/// core while others are idle (kernels of virtual machines that keep few virtual cores busy), where it waits until the waker's time is
/// over, longer than most loops take. Elsewhere than on Linux nothing is done. Not thread-safe.
class Placement {
 public:
#if defined(__linux__)
  using Cores = cpu_set_t;
#else
  using Cores = char;
#endif

  /// Confines a thread to one of the cores that it may run on, the `distance`-th (from 1 on) after the caller's. Nothing if there is no
  /// other, or if the system refuses.
  void send(std::thread& thread, std::size_t distance);

  /// Whether it is confined; `cores` are then those that it had before, to be given to restore() by the thread itself.
  bool take(Cores& cores);

  static void restore(const Cores& cores);

 private:
  bool sent_ = false;
  Cores cores_{};
};

}  // namespace tacet
