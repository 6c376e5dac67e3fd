// SPDX-License-Identifier: Apache-2.0
#include "runs.h"

namespace tacet::suite {
namespace {

/// Rows of one file in the latency packing.
constexpr std::size_t kRowsPerFile = 64;

}  // namespace

RunPlan plan_runs(const ClientModel& model, std::size_t rows) {
  const Signature& signature = model.signature;
  const bool batches = signature.packing == Packing::kThroughput;
  RunPlan plan;
  plan.rows = rows;
  plan.rows_per_run = batches ? model.context->slots() - signature.known.rows : 1;
  plan.runs_per_file = batches ? 1 : kRowsPerFile;
  plan.inputs = signature.ciphertexts(model.input().features);
  plan.outputs = output_places(signature).size();
  return plan;
}

std::vector<OutputPlace> output_places(const Signature& signature) {
  std::vector<std::vector<OutputPlace>> by_number(signature.outputs.size());
  std::size_t value = 0;
  for (const SignatureOutput& output : signature.outputs) {
    if (output.kind == OutputKind::kImaginaryGuard) {
      continue;  // it has no ciphertext of its own
    }
    for (std::size_t element = 0; element < signature.ciphertexts(output.count); ++element) {
      by_number[output.program_output].push_back({&output, element, value + element});
    }
    value += output.factor.size();
  }
  std::vector<OutputPlace> places;
  for (const std::vector<OutputPlace>& of_output : by_number) {
    places.insert(places.end(), of_output.begin(), of_output.end());
  }
  return places;
}

}  // namespace tacet::suite
