// SPDX-License-Identifier: Apache-2.0
#include "ckks/parameters.h"

namespace tacet {

int max_log_qp(int log_n, Security security) {
  // eprint 2024/463 (Security Guidelines for Implementing Homomorphic Encryption), Table 5.2, ternary secret, N =
  // 2^11..2^16.
  constexpr int kClassical128[] = {53, 106, 214, 430, 868, 1747};
  constexpr int kClassical192[] = {36, 73, 147, 297, 597, 1199};
  constexpr int kClassical256[] = {27, 56, 114, 230, 462, 929};
  constexpr int kQuantum128[] = {40, 80, 161, 322, 644, 1289};
  if (log_n < 11 || log_n > 16) return 0;
  switch (security) {
    case Security::kClassical128:
      return kClassical128[log_n - 11];
    case Security::kClassical192:
      return kClassical192[log_n - 11];
    case Security::kClassical256:
      return kClassical256[log_n - 11];
    case Security::kQuantum128:
      return kQuantum128[log_n - 11];
    case Security::kUncheckedForTests:
      return 0;
  }
  return 0;
}

const char* security_name(Security security) {
  switch (security) {
    case Security::kClassical128:
      return "128 bits (classical)";
    case Security::kClassical192:
      return "192 bits (classical)";
    case Security::kClassical256:
      return "256 bits (classical)";
    case Security::kQuantum128:
      return "128 bits (quantum)";
    case Security::kUncheckedForTests:
      return "UNCHECKED_FOR_TESTS";
  }
  return "unknown";
}

}  // namespace tacet
