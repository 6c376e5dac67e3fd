// SPDX-License-Identifier: Apache-2.0
// SIGNATURE bodies through their reader; what passes has sizes that a client may rely on.

#include <cmath>

#include "fuzz_support.h"
#include "serial/signature_codec.h"

namespace {

using namespace tacet;

void require_sizes(const Signature& signature, std::size_t slots) {
  std::size_t values = 0;
  for (const SignatureInput& input : signature.inputs) {
    const bool whole = input.low.size() == input.features && input.high.size() == input.features &&
                       input.center.size() == input.features && input.half_width.size() == input.features;
    if (!whole || input.period > slots || input.copy_shift >= input.period) {
      fuzz::broken("an input's sizes");
    }
    if (signature.packing == Packing::kLatency && input.features > input.period) {
      fuzz::broken("an input beyond its period");
    }
  }
  for (const SignatureOutput& output : signature.outputs) {
    const std::size_t numbers = output.kind == OutputKind::kValue ? output.count : 0;
    if (output.factor.size() != numbers || output.offset.size() != numbers || output.period > slots) {
      fuzz::broken("an output's sizes");
    }
    if (output.program_output >= signature.outputs.size()) {
      fuzz::broken("a program output that does not exist");
    }
    if (numbers == 0) {
      continue;
    }
    if (signature.packing == Packing::kThroughput &&
        signature.known.answers.at(values).size() != signature.known.rows * numbers) {
      fuzz::broken("the known rows' answers");
    }
    ++values;
  }
  for (std::size_t row = 0; row < signature.known.rows; ++row) {
    if (!(std::fabs(signature.known.feature(row, row)) <= 1)) {
      fuzz::broken("a known row outside [-1, 1]");
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& context : fuzz::contexts()) {
    const std::vector<u8> bytes = fuzz::wrap(*context, BlobKind::kSignature, data, size);
    fuzz::expect_typed_errors([&] { require_sizes(load_signature(*context, bytes.data(), bytes.size()), context->slots()); });
  }
  return 0;
}
