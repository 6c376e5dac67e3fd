// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one thread pool of the process.

#include <cstddef>
#include <memory>

namespace tacet {

/// Runs loops on a fixed set of threads. Size: TACET_THREADS (1..256), else the number of cores; the calling thread is
/// one of them. Calls made from inside a running loop body run inline on the calling thread, so nested loops never add
/// threads. There are size() seats: whoever runs a body has one, the pool's own threads and all callers together, so that many
/// callers at once never make more threads runnable than that. Callers come before the pool's threads.
class ThreadPool {
 public:
  explicit ThreadPool(std::size_t threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  std::size_t size() const;

  /// Keeps a seat for the calling thread while it lives, for work between loops. Waits for a free one, unless the thread has one;
  /// throws Error(kCancelled) if the flag of the thread's CancelScope is set meanwhile. One pool's seat at a time.
  class Seat {
   public:
    explicit Seat(ThreadPool& pool);
    ~Seat();
    Seat(const Seat&) = delete;
    Seat& operator=(const Seat&) = delete;

   private:
    ThreadPool* pool_;  ///< null if the thread had a seat already
  };

  /// Calls body(i) once for each i in [0, count), in any order, possibly concurrently; returns when all are done.
  /// The first exception thrown by a body is rethrown here, after the running bodies ended; the remaining indexes are
  /// skipped. The caller's CancelScope holds for the bodies: Error(kCancelled) once its flag is set.
  template <class Body>
  void parallel_for(std::size_t count, const Body& body) {
    run({count, &body, [](const void* b, std::size_t i) { (*static_cast<const Body*>(b))(i); }});
  }

 private:
  struct State;
  struct Work {
    std::size_t count;
    const void* body;
    void (*call)(const void* body, std::size_t i);
  };
  void run(const Work& work);

  std::unique_ptr<State> state_;
};

/// The process-wide pool, made on first use.
ThreadPool& pool();

}  // namespace tacet
