// SPDX-License-Identifier: Apache-2.0
#include "stage.h"

#include <malloc.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <string>

#include "util/buffer.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

constexpr const char* kNames[] = {"single", "small", "medium", "large"};
constexpr std::size_t kRows[] = {1, 15, 1000, 10000};

/// The heap in one piece that grows in large steps. A stage starts by having memory ready on one thread while another one loads: each
/// request of the heap to the system would wait for the whole of that.
void keep_heap_together() {
#ifdef M_ARENA_MAX
  mallopt(M_ARENA_MAX, 1);
  mallopt(M_TOP_PAD, 64 << 20);
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
#endif
}

template <class Body>
int guarded(const char* program, const Body& body) {
  const std::string stage = fs::path(program).filename().string();
  try {
    keep_heap_together();
    keep_buffers_in_small_pages();  // no stage lives long
    body();
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s: %s\n", stage.c_str(), error.what());
    return 1;
  }
}

}  // namespace

Instance instance_of(int size) {
  if (size < 0 || size > 3) {
    fail(Code::kInvalidArgument, "instance size %d, known are 0 single, 1 small, 2 medium, 3 large", size);
  }
  return {size, kNames[size], kRows[size]};
}

int run_stage(int argc, char** argv, void (*body)(const Instance&)) {
  if (argc != 2 || std::strlen(argv[1]) != 1 || argv[1][0] < '0' || argv[1][0] > '3') {
    std::fprintf(stderr, "usage: %s SIZE    0 single, 1 small, 2 medium, 3 large\n", argv[0]);
    return 2;
  }
  return guarded(argv[0], [&] { body(instance_of(argv[1][0] - '0')); });
}

int run_stage_without_size(int argc, char** argv, void (*body)()) {
  if (argc != 1) {
    std::fprintf(stderr, "usage: %s    (no arguments)\n", argv[0]);
    return 2;
  }
  return guarded(argv[0], body);
}

double Clock::lap() {
  const auto now = std::chrono::steady_clock::now();
  const double milliseconds = std::chrono::duration<double, std::milli>(now - last_).count();
  last_ = now;
  return milliseconds;
}

void say(const char* who, const char* format, ...) {
  std::printf("         [%s] ", who);
  va_list arguments;
  va_start(arguments, format);
  std::vprintf(format, arguments);
  va_end(arguments);
  std::printf("\n");
}

}  // namespace tacet::suite
