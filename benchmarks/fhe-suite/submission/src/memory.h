// SPDX-License-Identifier: Apache-2.0
#pragma once
// Memory that a stage takes from the system before it computes.

#include <cstddef>
#include <thread>

namespace tacet::suite {

/// Faults in `bytes` of the heap on a thread of its own while the stage loads its files, and keeps them for the process: a first
/// run otherwise waits for the system to clear its pages, one by one, for up to a third of its time. Buffers of all threads then
/// come from that heap. Only glibc is asked so; elsewhere nothing happens. The destructor waits for the thread.
class ReservedMemory {
 public:
  explicit ReservedMemory(std::size_t bytes);
  ~ReservedMemory() { wait(); }
  ReservedMemory(const ReservedMemory&) = delete;
  ReservedMemory& operator=(const ReservedMemory&) = delete;

  void wait();

 private:
  std::thread thread_;
};

}  // namespace tacet::suite
