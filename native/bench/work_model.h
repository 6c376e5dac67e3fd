// SPDX-License-Identifier: Apache-2.0
#pragma once
// The least work that an operation can do, and the time that this machine needs for it.
//
// It counts what no implementation of the same algorithm avoids: the butterflies of the transforms, the products of residues,
// the words drawn from the stream cipher, the bytes of keys and operands. Additions beside them, corrections, permutations,
// address arithmetic and stores are not counted, so that a share of 100 % cannot be reached.

#include <string>

#include "machine_limits.h"

namespace tacet::bench {

/// Counts are of single residues or bytes.
struct Work {
  double butterflies = 0;  ///< two residues: one product by a constant, one sum, one difference
  double products = 0;     ///< of two residues, reduced; or by a constant
  double terms = 0;        ///< products that are summed before one reduction
  double small_terms = 0;  ///< such products of at most 52 bits, which take one multiplication
  double flops = 0;        ///< of the encoder's double-precision transform
  double random_words = 0; ///< 64-bit words of the ChaCha20 stream
  double bytes = 0;        ///< read from keys and operands that no cache can hold from call to call

  Work& transforms(double count, double n, int log_n);
};

/// Seconds: the larger of arithmetic at the rates of the table `kernels` and reading at the rate of the working set, on one core.
double least_time(const Work& work, const std::string& kernels, const MachineLimits& limits);

}  // namespace tacet::bench
