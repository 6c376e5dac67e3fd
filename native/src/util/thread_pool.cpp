// SPDX-License-Identifier: Apache-2.0
#include "util/thread_pool.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <deque>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

#include "util/cancel.h"
#include "util/error.h"

namespace tacet {
namespace {

thread_local bool inside_loop = false;

/// One parallel_for in progress. Workers and the caller take indexes from `next` until they run out.
struct Loop {
  Loop(std::size_t n, const std::function<void(std::size_t)>& b) : count(n), body(b) {}

  const std::size_t count;
  const std::function<void(std::size_t)>& body;
  const CancelFlag* const cancel = current_cancel_flag();
  std::atomic<std::size_t> next{0};
  std::size_t helpers = 0;  // workers inside run(); guarded by State::mutex
  std::mutex error_mutex;
  std::exception_ptr error;

  void run() {
    const CancelScope scope(cancel);
    for (;;) {
      const std::size_t i = next.fetch_add(1, std::memory_order_relaxed);
      if (i >= count) return;
      try {
        throw_if_cancelled(cancel);
        body(i);
      } catch (...) {
        std::lock_guard<std::mutex> lock(error_mutex);
        if (!error) error = std::current_exception();
        next.store(count, std::memory_order_relaxed);
      }
    }
  }

  bool exhausted() const { return next.load(std::memory_order_relaxed) >= count; }
};

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

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable done;
  std::deque<Loop*> loops;
  bool stopping = false;
  std::vector<std::thread> threads;

  void worker() {
    inside_loop = true;
    std::unique_lock<std::mutex> lock(mutex);
    for (;;) {
      work.wait(lock, [this] { return stopping || !loops.empty(); });
      if (stopping) return;
      Loop* loop = loops.front();
      if (loop->exhausted()) {
        loops.pop_front();
        continue;
      }
      ++loop->helpers;
      lock.unlock();
      loop->run();
      lock.lock();
      if (--loop->helpers == 0) done.notify_all();
    }
  }
};

ThreadPool::ThreadPool(std::size_t threads) : state_(new State) {
  for (std::size_t i = 1; i < threads; ++i) state_->threads.emplace_back([this] { state_->worker(); });
}

ThreadPool::~ThreadPool() {
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->stopping = true;
  }
  state_->work.notify_all();
  for (std::thread& thread : state_->threads) thread.join();
}

std::size_t ThreadPool::size() const { return state_->threads.size() + 1; }

void ThreadPool::parallel_for(std::size_t count, const std::function<void(std::size_t)>& body) {
  if (count == 0) return;
  if (count == 1 || inside_loop || state_->threads.empty()) {
    for (std::size_t i = 0; i < count; ++i) {
      throw_if_cancelled(current_cancel_flag());
      body(i);
    }
    return;
  }
  Loop loop(count, body);
  {
    std::lock_guard<std::mutex> lock(state_->mutex);
    state_->loops.push_back(&loop);
  }
  if (count > 2) {
    state_->work.notify_all();
  } else {
    state_->work.notify_one();
  }
  inside_loop = true;
  loop.run();
  inside_loop = false;
  std::unique_lock<std::mutex> lock(state_->mutex);
  for (auto it = state_->loops.begin(); it != state_->loops.end(); ++it) {
    if (*it == &loop) {
      state_->loops.erase(it);
      break;
    }
  }
  state_->done.wait(lock, [&loop] { return loop.helpers == 0; });
  lock.unlock();
  if (loop.error) std::rethrow_exception(loop.error);
}

ThreadPool& pool() {
  // Never destroyed: joining threads while the process or the library unloads can deadlock.
  static ThreadPool* instance = new ThreadPool(configured_threads());
  return *instance;
}

}  // namespace tacet
