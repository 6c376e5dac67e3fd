// SPDX-License-Identifier: Apache-2.0
#pragma once
// What every stage of the workload shares: which instance it works on, where its files are, how it ends.

#include <chrono>
#include <filesystem>
#include <string>

namespace tacet::suite {

namespace fs = std::filesystem;

/// From so many images on a batch takes less time than image after image.
inline constexpr std::size_t kBatchRows = 100;

/// An instance of the workload and the harness's file conventions for it, relative to the working directory.
struct Instance {
  int size = 0;
  const char* name = "";
  std::size_t rows = 0;  ///< images

  fs::path io() const { return fs::path("io") / name; }
  fs::path pixels() const { return fs::path("datasets") / name / "intermediate" / "test_pixels.txt"; }
  fs::path predictions() const { return io() / "encrypted_model_predictions.txt"; }
  /// Never leaves the client.
  fs::path secret_key() const { return io() / "secret_key" / "secret.key"; }
  fs::path features() const { return io() / "intermediate" / "client" / "features.bin"; }
  fs::path expected() const { return io() / "intermediate" / "client" / "request.bin"; }
  fs::path scores() const { return io() / "intermediate" / "client" / "scores.bin"; }
  /// What the client sends, and what it receives.
  fs::path evaluation_keys() const { return io() / "public_keys" / "evaluation.keys"; }
  fs::path upload() const { return io() / "ciphertexts_upload"; }
  fs::path download() const { return io() / "ciphertexts_download"; }
  /// The server's own: expanded keys and encoded constants.
  fs::path prepared() const { return io() / "intermediate" / "server" / "prepared.bin"; }
  /// The compiled model, of which the client reads parameters and signature, the server all: in the latency packing,
  /// and from kBatchRows images on in the throughput packing.
  fs::path model() const { return fs::path("submission") / (rows < kBatchRows ? "model.tacet" : "batch.tacet"); }
};

/// The instance of that number, 0..3. Throws Error(kInvalidArgument).
Instance instance_of(int size);

/// Runs `body` on the instance that the command line names and returns the exit code: 0, or 1 with one line on standard
/// error that says what is wrong, 2 for a wrong command line.
int run_stage(int argc, char** argv, void (*body)(const Instance&));

/// As run_stage(), for the stage that the harness calls without arguments.
int run_stage_without_size(int argc, char** argv, void (*body)());

/// Milliseconds since it was made or last read.
class Clock {
 public:
  double lap();

 private:
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

/// Prints "         [who] text" as the workload's reference stages do.
void say(const char* who, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace tacet::suite
