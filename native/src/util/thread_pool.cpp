// SPDX-License-Identifier: Apache-2.0
#include "util/thread_pool.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "util/cancel.h"
#include "util/error.h"
#include "util/placement.h"

namespace tacet {
namespace {

thread_local bool inside_loop = false;
thread_local bool seated = false;

/// Waits a while for `ready`, cheaper than sleeping when it is about to come: loops of one operation follow closely, and a thread that
/// sleeps is back only after tens of microseconds.
template <class Ready>
void spin_until(const Ready& ready) {
  constexpr int kChecks = 64;  // between looks at the clock
  const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(200);
  do {
    for (int i = 0; i < kChecks; ++i) {
      if (ready()) return;
#if defined(__x86_64__)
      __builtin_ia32_pause();
#endif
    }
  } while (std::chrono::steady_clock::now() < end);
}

std::size_t configured_threads() {
  const char* text = std::getenv("TACET_THREADS");
  if (text != nullptr && *text != '\0') {
    char* end = nullptr;
    const long value = std::strtol(text, &end, 10);
    if (*end != '\0' || value < 1 || value > 256) {
      fail(Code::kInvalidArgument, "TACET_THREADS is \"%s\"; it must be a number from 1 to 256", text);
    }
    return static_cast<std::size_t>(value);
  }
  const unsigned cores = std::thread::hardware_concurrency();
  return cores == 0 ? 1 : cores;
}

}  // namespace

/// One loop in progress. Its indexes are dealt in parts, one after the other: whoever runs it takes those of his own part first and
/// then helps with the others. So a thread works on the same limbs in loop after loop, and finds them in the caches of its core.
struct Loop {
  Loop(std::size_t n, std::size_t threads, const void* b, void (*c)(const void*, std::size_t))
      : count(n), body(b), call(c), parts(std::min(threads, kMostParts)) {
    for (std::size_t p = 0; p < parts; ++p) {
      part[p].next.store(count * p / parts, std::memory_order_relaxed);
      part[p].end = count * (p + 1) / parts;
    }
  }

  static constexpr std::size_t kMostParts = 32;
  struct alignas(64) Part {
    std::atomic<std::size_t> next;
    std::size_t end;
  };

  const std::size_t count;
  const void* const body;
  void (*const call)(const void*, std::size_t);
  const CancelFlag* const cancel = current_cancel_flag();
  const std::size_t parts;
  Part part[kMostParts];
  std::atomic<std::size_t> helpers{0};  // workers inside run(); written under State::mutex
  std::mutex error_mutex;
  std::exception_ptr error;

  /// For thread number `thread` of the pool; callers are number 0.
  void run(std::size_t thread) {
    const CancelScope scope(cancel);
    for (std::size_t p = 0; p < parts; ++p) run_part(part[(thread + p) % parts]);
  }

  void run_part(Part& own) {
    for (;;) {
      const std::size_t i = own.next.fetch_add(1, std::memory_order_relaxed);
      if (i >= own.end) return;
      try {
        throw_if_cancelled(cancel);
        call(body, i);
      } catch (...) {
        std::lock_guard<std::mutex> lock(error_mutex);
        if (!error) error = std::current_exception();
        for (std::size_t p = 0; p < parts; ++p) part[p].next.store(count, std::memory_order_relaxed);
      }
    }
  }

  bool exhausted() const {
    for (std::size_t p = 0; p < parts; ++p) {
      if (part[p].next.load(std::memory_order_relaxed) < part[p].end) return false;
    }
    return true;
  }
};

struct ThreadPool::State {
  explicit State(std::size_t threads_in_all) : size(threads_in_all) {}

  const std::size_t size;
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable done;
  std::condition_variable seat;
  std::deque<Loop*> loops;
  std::atomic<std::size_t> taken{0};  // seats; written under the mutex
  std::size_t waiting = 0;  // callers that wait for a seat
  std::atomic<std::size_t> submitted{0};
  bool stopping = false;

  /// A thread of the pool's own; written under the mutex.
  struct Worker {
    std::thread thread;
    bool asleep = true;
    Placement placement;
  };
  std::deque<Worker> workers;

  static constexpr std::size_t kMostSent = 8;

  /// Sends the threads that are about to be woken to other cores than the caller's. With the mutex held.
  void send_sleepers(std::size_t most) {
    std::size_t sent = 0;
    for (Worker& worker : workers) {
      if (sent == std::min(most, kMostSent)) return;
      if (worker.asleep) worker.placement.send(worker.thread, ++sent);
    }
  }

  /// A loop that a worker may help with now; null if there is none or no seat for a worker.
  Loop* open_loop() {
    while (!loops.empty() && loops.front()->exhausted()) loops.pop_front();
    return loops.empty() || waiting > 0 || taken >= size ? nullptr : loops.front();
  }

  /// With the mutex held.
  void give_back() {
    --taken;
    if (waiting > 0) {
      seat.notify_one();
    } else if (!loops.empty()) {
      work.notify_one();
    }
  }

  void worker(std::size_t thread) {
    inside_loop = true;
    std::unique_lock<std::mutex> lock(mutex);
    Worker& self = workers[thread - 1];
    Placement::Cores cores;
    for (;;) {
      Loop* loop = nullptr;
      self.asleep = true;
      work.wait(lock, [&] { return stopping || (loop = open_loop()) != nullptr; });
      self.asleep = false;
      if (stopping) return;
      const bool sent = self.placement.take(cores);
      loop->helpers.fetch_add(1, std::memory_order_relaxed);
      ++taken;
      lock.unlock();
      if (sent) Placement::restore(cores);
      loop->run(thread);
      lock.lock();
      if (loop->helpers.fetch_sub(1, std::memory_order_release) == 1) done.notify_all();
      give_back();
      if (waiting > 0 || open_loop() != nullptr) continue;
      const std::size_t seen = submitted.load(std::memory_order_relaxed);
      lock.unlock();
      // Not on a core that somebody with a seat may want.
      spin_until([&] {
        return submitted.load(std::memory_order_relaxed) != seen || taken.load(std::memory_order_relaxed) >= size;
      });
      lock.lock();
    }
  }
};

ThreadPool::ThreadPool(std::size_t threads) : state_(new State(threads)) {
  std::lock_guard<std::mutex> lock(state_->mutex);
  for (std::size_t i = 1; i < threads; ++i) {
    State::Worker& worker = state_->workers.emplace_back();
    worker.thread = std::thread([this, i] { state_->worker(i); });
    worker.placement.send(worker.thread, i);
  }
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  for (State::Worker& worker : state_->workers) worker.thread.join();
}

std::size_t ThreadPool::size() const { return state_->size; }

ThreadPool::Seat::Seat(ThreadPool& pool) : pool_(seated || inside_loop ? nullptr : &pool) {
  if (pool_ == nullptr) return;
  State& state = *pool.state_;
  const CancelFlag* cancel = current_cancel_flag();
  std::unique_lock<std::mutex> lock(state.mutex);
  ++state.waiting;
  while (state.taken >= state.size) {
    if (cancel == nullptr) {
      state.seat.wait(lock);
      continue;
    }
    state.seat.wait_for(lock, std::chrono::milliseconds(5));  // nothing notifies of the flag
    if (cancel->load(std::memory_order_relaxed) != 0) break;
  }
  --state.waiting;
  const bool cancelled = state.taken >= state.size;
  if (!cancelled) ++state.taken;
  if (state.open_loop() != nullptr) state.work.notify_all();  // workers hold back while callers wait
  if (cancelled) throw_if_cancelled(cancel);
  seated = true;
}

ThreadPool::Seat::~Seat() {
  if (pool_ == nullptr) return;
  std::lock_guard<std::mutex> lock(pool_->state_->mutex);
  pool_->state_->give_back();
  seated = false;
}

void ThreadPool::run(const Work& work) {
  if (work.count == 0) return;
  if (work.count == 1 || inside_loop || state_->workers.empty()) {
    for (std::size_t i = 0; i < work.count; ++i) {
      throw_if_cancelled(current_cancel_flag());
      work.call(work.body, i);
    }
    return;
  }
  const Seat seat(*this);
  Loop loop(work.count, state_->size, work.body, work.call);
  bool seats;
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->loops.push_back(&loop);
    state_->submitted.fetch_add(1, std::memory_order_relaxed);
    seats = state_->taken < state_->size;
    if (seats) state_->send_sleepers(work.count - 1);
  }
  if (seats && work.count > 2) {  // else whoever gives a seat back wakes a worker
    state_->work.notify_all();
  } else if (seats) {
    state_->work.notify_one();
  }
  inside_loop = true;
  loop.run(0);
  inside_loop = false;
  spin_until([&] { return loop.helpers.load(std::memory_order_relaxed) == 0; });
  std::unique_lock<std::mutex> lock(state_->mutex);
  for (auto it = state_->loops.begin(); it != state_->loops.end(); ++it) {
    if (*it == &loop) {
      state_->loops.erase(it);
      break;
    }
  }
  state_->done.wait(lock, [&loop] { return loop.helpers.load(std::memory_order_acquire) == 0; });
  lock.unlock();
  if (loop.error) std::rethrow_exception(loop.error);
}

ThreadPool& pool() {
  // Never destroyed: joining threads while the process or the library unloads can deadlock.
  static ThreadPool* instance = new ThreadPool(configured_threads());
  return *instance;
}

}  // namespace tacet
