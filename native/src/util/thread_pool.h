// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one thread pool of the process.

#include <cstddef>
#include <functional>
#include <memory>

namespace tacet {

/// Runs loops on a fixed set of threads. Size: TACET_THREADS (1..256), else the number of cores; the calling thread is
/// one of them. Calls made from inside a running loop body run inline on the calling thread, so nested loops never add
/// threads.
class ThreadPool {
 public:
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const;

  /// Calls body(i) once for each i in [0, count), in any order, possibly concurrently; returns when all are done.
  /// The first exception thrown by a body is rethrown here, after the running bodies ended; the remaining indexes are
  /// skipped. The caller's CancelScope holds for the bodies: Error(kCancelled) once its flag is set.
  void parallel_for(std::size_t count, const std::function<void(std::size_t)>& body);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The process-wide pool, made on first use.
ThreadPool& pool();

}  // namespace tacet
