// SPDX-License-Identifier: Apache-2.0
#include "answer.h"

#include <cmath>

#include "util/error.h"

namespace tacet::suite {
namespace {

[[noreturn]] void refuse(const SignatureOutput& output, const char* what, std::size_t slot) {
  fail(Code::kMalformed, "output %s: %s (slot %zu); no label is written", output.name.c_str(), what, slot);
}

double normalised(const SignatureInput& input, std::size_t feature, double value) {
  if (!(value >= input.low[feature] && value <= input.high[feature])) {
    fail(Code::kInvalidArgument, "input %s: feature %zu is outside its bounds %g..%g", input.name.c_str(), feature,
         input.low[feature], input.high[feature]);
  }
  return (value - input.center[feature]) / input.half_width[feature];
}

/// The checks of every slot in either packing, of imaginary parts only if they are to be zero.
void check_ciphertext(const SignatureOutput& output, const Decrypted& decrypted, bool check_imaginary) {
  if (!(decrypted.fraction <= 1)) {
    fail(Code::kMalformed,
         "output %s: a decrypted coefficient exceeds q0/8: the key is wrong or the computation overflowed; no label is "
         "written",
         output.name.c_str());
  }
  for (std::size_t j = 0; check_imaginary && j < decrypted.imaginary.size(); ++j) {
    if (!(std::fabs(decrypted.imaginary[j]) <= output.slot_error)) {
      refuse(output, "an imaginary part is beyond the noise bound", j);
    }
  }
}

/// The answers that known rows must get in an output; null where it is no VALUE.
const std::vector<double>* known_answers(const Signature& signature, const SignatureOutput& output) {
  if (output.kind != OutputKind::kValue) {
    return nullptr;
  }
  std::size_t number = 0;
  for (const SignatureOutput* each = signature.outputs.data(); each != &output; ++each) {
    number += each->kind == OutputKind::kValue;
  }
  return &signature.known.answers[number];
}

}  // namespace

std::vector<double> pack(const SignatureInput& input, const double* row, std::size_t slots) {
  std::vector<double> packed(slots, 0.0);
  for (std::size_t i = 0; i < input.features; ++i) {
    packed[i] = normalised(input, i, row[i]);
  }
  for (std::size_t j = input.period; j < slots; ++j) {
    const std::size_t copy = j / input.period;
    packed[j] = packed[(j % input.period + copy * input.copy_shift) % input.period];
  }
  return packed;
}

std::vector<double> pack_feature(const Signature& signature, std::size_t feature, const double* rows, std::size_t count,
                                 std::size_t slots) {
  const SignatureInput& input = signature.inputs[0];
  std::vector<double> packed(slots);
  for (std::size_t row = 0; row < count; ++row) {
    packed[row] = normalised(input, feature, rows[row * input.features + feature]);
  }
  for (std::size_t j = count; j < slots; ++j) {
    packed[j] = signature.known.feature(j % signature.known.rows, feature);
  }
  return packed;
}

namespace {

/// The largest |slot| that passes: noise must not hide that a slot left the interval that a guard is about.
double limit_of(const SignatureOutput& output) {
  switch (output.kind) {
    case OutputKind::kZeroCheck: return output.slot_error;
    case OutputKind::kGuard:
    case OutputKind::kImaginaryGuard: return output.bound;
    default: return output.bound + output.slot_error;
  }
}

/// Checks one part of every slot, real or imaginary, and gives its values.
void unpack_part(const SignatureOutput& output, const std::vector<double>& real, double* values) {
  const double error = output.slot_error, limit = limit_of(output);
  const std::size_t used = output.kind == OutputKind::kValue       ? output.count
                           : output.kind == OutputKind::kZeroCheck ? 0
                                                                   : output.period;
  for (std::size_t j = 0; j < real.size(); ++j) {
    const std::size_t i = j % output.period;
    if (i < used && !(std::fabs(real[j]) <= limit)) {
      refuse(output, "a value is beyond its bound", j);
    }
    if (i >= used && !(std::fabs(real[j]) <= error)) {
      refuse(output, "a structural zero is beyond the noise bound", j);
    }
    if (!(std::fabs(real[j] - real[i]) <= 2 * error)) {
      refuse(output, "two copies of a value differ", j);
    }
  }
  for (std::size_t i = 0; i < output.factor.size(); ++i) {
    double sum = 0;
    for (std::size_t j = i; j < real.size(); j += output.period) {
      sum += real[j];
    }
    values[i] = output.factor[i] * (sum * output.period / static_cast<double>(real.size())) + output.offset[i];
  }
}

}  // namespace

void unpack(const Signature& signature, const SignatureOutput& output, const Decrypted& decrypted, double* values) {
  const SignatureOutput* guard = signature.imaginary_guard(output);
  check_ciphertext(output, decrypted, guard == nullptr);
  unpack_part(output, decrypted.real, values);
  if (guard != nullptr) {
    unpack_part(*guard, decrypted.imaginary, nullptr);
  }
}

void unpack_element(const Signature& signature, const SignatureOutput& output, std::size_t element,
                    const Decrypted& decrypted, std::size_t count, double* values, std::size_t stride) {
  check_ciphertext(output, decrypted, true);
  const double error = output.slot_error, limit = limit_of(output);
  const double of_known = output.kind == OutputKind::kZeroCheck ? error : output.bound + error;  // what they are is known
  const std::vector<double>* known = known_answers(signature, output);
  for (std::size_t j = 0; j < decrypted.real.size(); ++j) {
    const double slot = decrypted.real[j];
    if (!(std::fabs(slot) <= (j < count ? limit : of_known))) {
      refuse(output, j < count ? "a row is beyond its bound" : "a known row is beyond its bound", j);
    }
    if (known == nullptr) {
      continue;
    }
    if (j < count) {
      values[j * stride] = output.factor[element] * slot + output.offset[element];
      continue;
    }
    const double expected = (*known)[j % signature.known.rows * output.count + element];
    if (!(std::fabs(slot - expected) <= error)) {
      refuse(output, "a known row got another answer than it must", j);
    }
  }
}

}  // namespace tacet::suite
