// SPDX-License-Identifier: Apache-2.0
#pragma once
// The command line of tacet_bench, and the chains that stand for "logN:logQ".

#include <string>
#include <vector>

#include "ckks/parameters.h"

namespace tacet::bench {

/// Sizes of the primes of one parameter set, in bits.
struct ChainBits {
  int log_n = 0;
  int log_q = 0;
  std::vector<int> chain;    ///< q_0, q_1, ..
  std::vector<int> special;  ///< p_0, ..; a digit has as many chain primes as there are special ones
  int log_scale = 0;
};

struct Options {
  std::vector<std::string> ops;  ///< empty: all
  std::vector<ChainBits> sets;
  RingType ring_type = RingType::kStandard;
  int threads = 1;
  double seconds = 0.5;  ///< an operation is measured for at least this long
  bool limits = true;    ///< measure the machine's own limits first
  bool list_ops = false;     ///< print the names of the operations instead
  bool list_params = false;  ///< print the parameter sets in bits instead
};

/// Reads --ops a,b --params logN:logQ,.. --chain BITS,.. --special BITS,.. --log-scale BITS --ring-type NAME --threads N
/// --seconds S --no-limits --list-ops --list-params. --chain, --special and --log-scale go together, with one parameter set. Throws
/// Error(kInvalidArgument) naming the option.
Options parse(int count, const char* const* arguments);

/// The chain for log2(N) and log2(Q), inside the table for 128 bits (eprint 2024/463). 14:340, 15:740 and 16:1310 are the
/// sets that docs/benchmarks.md reports; others get equal primes of at most 50 bits. Throws Error(kInvalidArgument) if none fits.
ChainBits chain_of(int log_n, int log_q, RingType ring_type);

/// Primes for the bits: for each size the largest ones below 2^bits that are 1 modulo 2N (4N for CONJUGATE_INVARIANT).
ParameterSpec spec_of(const ChainBits& bits, RingType ring_type);

const char* name_of(RingType type);

}  // namespace tacet::bench
