// SPDX-License-Identifier: Apache-2.0
#pragma once
// How the rows of an instance lie in runs of the program, in ciphertexts and in files.

#include <algorithm>

#include "model.h"

namespace tacet::suite {

/// Runs of the program: of one row each in the latency packing, of a batch of rows in the throughput packing. A file
/// holds the ciphertexts of a few runs: what a stage has in memory at once.
struct RunPlan {
  std::size_t rows = 0;  ///< of the instance
  std::size_t rows_per_run = 1;
  std::size_t runs_per_file = 1;
  std::size_t inputs = 1;   ///< ciphertexts that a run takes
  std::size_t outputs = 1;  ///< ciphertexts that it gives

  std::size_t runs() const { return (rows + rows_per_run - 1) / rows_per_run; }
  std::size_t files() const { return (runs() + runs_per_file - 1) / runs_per_file; }
  std::size_t first_run(std::size_t file) const { return file * runs_per_file; }
  std::size_t runs_in(std::size_t file) const { return std::min(runs_per_file, runs() - first_run(file)); }
  std::size_t first_row(std::size_t run) const { return run * rows_per_run; }
  std::size_t rows_in(std::size_t run) const { return std::min(rows_per_run, rows - first_row(run)); }
};

RunPlan plan_runs(const ClientModel& model, std::size_t rows);

/// What ciphertext number k of a run's outputs holds.
struct OutputPlace {
  const SignatureOutput* output = nullptr;
  std::size_t element = 0;  ///< of an array
  std::size_t value = 0;    ///< the place of its first number among a row's values
};

/// By number of the ciphertext, in the program's order. The places refer to the signature.
std::vector<OutputPlace> output_places(const Signature& signature);

}  // namespace tacet::suite
