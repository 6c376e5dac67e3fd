// SPDX-License-Identifier: Apache-2.0
// Whole programs, several at once, on a pool of one thread.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <numeric>
#include <thread>

#include "program/executor.h"
#include "support/fixture.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

using testing::Lab;
using testing::Shape;

/// How long the calling thread has been runnable so far: on a processor or waiting for one. Below 0 where the system does not tell.
double runnable_seconds() {
  std::ifstream file("/proc/thread-self/schedstat");
  double running = 0, waiting = 0;
  return file >> running >> waiting ? 1e-9 * (running + waiting) : -1;
}

constexpr u32 kRotations = 100;

/// Rotations by 1, one after the other.
Program rotations(const Lab& lab) {
  Program program;
  program.layers = {"all"};
  program.inputs = program.outputs = 1;
  for (u32 id = 0; id < kRotations + 2; ++id) {
    Instruction op;
    op.opcode = id == 0 ? Opcode::kInput : id <= kRotations ? Opcode::kRotate : Opcode::kOutput;
    if (id > 0) op.arguments = {id - 1};
    op.type = {Encoding::kSlots, 3, 2, lab.scale};
    op.steps = id == 0 || id > kRotations ? 0 : 1;
    program.instructions.push_back(op);
  }
  return program;
}

/// Requests from eight threads at once; how many of these were runnable, on average. Below 0: a result was wrong.
double runnable_threads() {
  Lab lab{Shape{11, 3, 40, 2, 2, RingType::kStandard}};
  lab.add_rotation(1);
  const auto program = ExecutableProgram::create(lab.context, rotations(lab));
  const std::vector<double> x = lab.random(1);
  const Ciphertext input = lab.encrypt(x);
  std::vector<std::shared_ptr<const Ciphertext>> outputs(8);
  std::vector<double> runnable(outputs.size());
  std::vector<std::thread> callers;
  const auto start = std::chrono::steady_clock::now();
  for (std::size_t k = 0; k < outputs.size(); ++k) {
    callers.emplace_back([&, k] {
      const double before = runnable_seconds();
      outputs[k] = program->run(lab.keys, {&input}, nullptr).outputs[0];
      runnable[k] = runnable_seconds() - before;
    });
  }
  for (std::thread& caller : callers) caller.join();
  const double wall = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  for (const auto& output : outputs) {
    if (!(lab.error(*output, [&](std::size_t j) { return x[(j + kRotations) % x.size()]; }) < 1e-5)) return -1;
  }
  return std::accumulate(runnable.begin(), runnable.end(), 0.0) / wall;
}

// The pool's size is read once in a process, so this is one of its own.
TEST(ProgramsUnderLoad, NoMoreThreadsAreRunnableThanThePoolHas) {
  if (runnable_seconds() < 0) GTEST_SKIP() << "the system does not tell how long threads are runnable";
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  setenv("TACET_THREADS", "1", 1);
  EXPECT_EXIT(
      {
        const double runnable = runnable_threads();
        std::fprintf(stderr, "pool of %zu, %.2f of 8 threads runnable", pool().size(), runnable);
        // all eight are on their way in and out for a moment
        std::_Exit(pool().size() == 1 && runnable > 0 && runnable < 2 ? 0 : 1);
      },
      ::testing::ExitedWithCode(0), "pool of 1");
  unsetenv("TACET_THREADS");
}

}  // namespace
}  // namespace tacet
