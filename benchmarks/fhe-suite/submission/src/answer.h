// SPDX-License-Identifier: Apache-2.0
#pragma once
// From features to slots, and every check that a decrypted answer must pass before it is a number.

#include "model.h"

namespace tacet::suite {

/// Puts a row into slots as the latency packing has it. Throws Error(kInvalidArgument) naming the feature and its
/// bounds, never its value.
std::vector<double> pack(const SignatureInput& input, const double* row, std::size_t slots);

/// Puts one feature of `count` rows, each of all features, into slots as the throughput packing has it, known rows
/// behind them. Errors as above.
std::vector<double> pack_feature(const Signature& signature, std::size_t feature, const double* rows, std::size_t count,
                                 std::size_t slots);

/// What was decrypted of one ciphertext.
struct Decrypted {
  std::vector<double> real, imaginary;  ///< by slot; imaginary is empty where slots are real
  double fraction = 0;                  ///< the largest |coefficient| times 8 / q_0
};

/// Checks one output of the latency packing and writes its values in output units, the mean of all copies.
///
/// Checked: coefficients within q_0/8; slots within their bound; structural zeros and imaginary parts within the noise
/// bound, or of an imaginary guard its checks; copies alike. Throws Error(kMalformed) naming the check and the slot.
void unpack(const Signature& signature, const SignatureOutput& output, const Decrypted& decrypted, double* values);

/// Checks one element of an output of the throughput packing and writes its value of each of `count` rows, `stride`
/// numbers apart.
///
/// Checked: coefficients, bounds and imaginary parts as above, for every row; that each known row got the answer that
/// it must.
void unpack_element(const Signature& signature, const SignatureOutput& output, std::size_t element,
                    const Decrypted& decrypted, std::size_t count, double* values, std::size_t stride);

}  // namespace tacet::suite
