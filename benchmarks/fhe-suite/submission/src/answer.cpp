// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <cmath>

#include "util/error.h"

namespace tacet::suite {
namespace {

[[noreturn]] void refuse(const SignatureOutput& output, const char* what, std::size_t slot) {
  fail(Code::kMalformed, "output %s: %s (slot %zu); no label is written", output.name.c_str(), what, slot);
}

}  // namespace

std::vector<double> pack(const SignatureInput& input, const double* row, std::size_t slots) {
  std::vector<double> packed(slots, 0.0);
  for (u32 i = 0; i < input.features; ++i) {
    if (!(row[i] >= input.low[i] && row[i] <= input.high[i])) {
      fail(Code::kInvalidArgument, "input %s: feature %u is outside its bounds %g..%g", input.name.c_str(), i, input.low[i],
           input.high[i]);
    }
    packed[i] = (row[i] - input.center[i]) / input.half_width[i];
  }
  for (std::size_t j = input.period; j < slots; ++j) {
    const std::size_t copy = j / input.period;
    packed[j] = packed[(j % input.period + copy * input.copy_shift) % input.period];
  }
  return packed;
}

std::vector<double> unpack(const SignatureOutput& output, const std::vector<double>& real, const std::vector<double>* imaginary,
                           double fraction) {
  if (!(fraction <= 1)) {
    fail(Code::kMalformed,
         "output %s: a decrypted coefficient exceeds q0/8: the key is wrong or the computation overflowed; no label is written",
         output.name.c_str());
  }
  const double error = output.slot_error, limit = output.bound + error;
  const std::size_t used = output.kind == OutputKind::kValue ? output.count : output.kind == OutputKind::kGuard ? output.period : 0;
  for (std::size_t j = 0; j < real.size(); ++j) {
    const std::size_t i = j % output.period;
    if (i < used && !(std::fabs(real[j]) <= limit)) refuse(output, "a value is beyond its bound", j);
    if (i >= used && !(std::fabs(real[j]) <= error)) refuse(output, "a structural zero is beyond the noise bound", j);
    if (!(std::fabs(real[j] - real[i]) <= 2 * error)) refuse(output, "two copies of a value differ", j);
    if (imaginary != nullptr && !(std::fabs((*imaginary)[j]) <= error)) refuse(output, "an imaginary part is beyond the noise bound", j);
  }
  std::vector<double> values(output.factor.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i; j < real.size(); j += output.period) sum += real[j];
    values[i] = output.factor[i] * (sum * output.period / static_cast<double>(real.size())) + output.offset[i];
  }
  return values;
}

}  // namespace tacet::suite
