// SPDX-License-Identifier: Apache-2.0
#include "util/placement.h"

#if defined(__linux__)
#include <pthread.h>
#endif

namespace tacet {

#if defined(__linux__)

void Placement::send(std::thread& thread, std::size_t distance) {
  const pthread_t handle = thread.native_handle();
  const int own = sched_getcpu();
  if (own < 0 || own >= CPU_SETSIZE || (!sent_ && pthread_getaffinity_np(handle, sizeof cores_, &cores_) != 0)) return;
  Cores others = cores_;
  CPU_CLR(own, &others);
  const auto count = static_cast<std::size_t>(CPU_COUNT(&others));
  if (count == 0) return;
  int core = own;
  for (std::size_t left = 1 + (distance - 1) % count; left > 0;) {
    core = (core + 1) % CPU_SETSIZE;
    left -= CPU_ISSET(core, &others) ? 1 : 0;
  }
  Cores one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  sent_ = pthread_setaffinity_np(handle, sizeof one, &one) == 0 || sent_;
}

void Placement::restore(const Cores& cores) { pthread_setaffinity_np(pthread_self(), sizeof cores, &cores); }

#else

void Placement::send(std::thread&, std::size_t) {}

void Placement::restore(const Cores&) {}

#endif

bool Placement::take(Cores& cores) {
  const bool sent = sent_;
  cores = cores_;
  sent_ = false;
  return sent;
}

}  // namespace tacet
