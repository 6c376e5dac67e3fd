// SPDX-License-Identifier: Apache-2.0
#pragma once
// Every check that a decrypted answer must pass before it is a number.

#include "model.h"

namespace tacet::suite {

/// Puts a row into slots as the signature says. Throws Error(kInvalidArgument) naming the feature and its bounds, never its value.
std::vector<double> pack(const SignatureInput& input, const double* row, std::size_t slots);

/// Checks the decrypted slots of one output and returns its values in output units, the mean of all copies.
///
/// Checked: coefficients within q_0/8; slots within their bound; structural zeros and imaginary parts within the noise bound; copies
/// alike. Throws Error(kMalformed) naming the check and the slot. `imaginary` is null where slots are real; `fraction` is the
/// largest |coefficient| times 8 / q_0.
std::vector<double> unpack(const SignatureOutput& output, const std::vector<double>& real, const std::vector<double>* imaginary,
                           double fraction);

}  // namespace tacet::suite
