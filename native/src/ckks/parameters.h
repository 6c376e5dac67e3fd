// SPDX-License-Identifier: Apache-2.0
#pragma once
// Parameters and the security table.

#include <array>
#include <vector>

#include "math/ring_type.h"
#include "util/types.h"

namespace tacet {

/// Numbers are part of the wire format.
enum class Security : u8 {
  kClassical128 = 0,
  kClassical192 = 1,
  kClassical256 = 2,
  kQuantum128 = 3,
  kUncheckedForTests = 255
};

/// Parameters as the PARAMETERS body carries them. `hash` is the SHA-256 of that body, computed and checked outside the
/// engine.
struct ParameterSpec {
  RingType ring_type = RingType::kStandard;
  int log_n = 0;
  int log_scale = 0;
  Security security = Security::kClassical128;
  int digit_size = 1;
  std::vector<u64> q;
  std::vector<u64> p;
  std::array<u8, 32> hash{};
};

/// Largest log2(QP) for the degree at that level of security; 0 if the degree is not in the table.
/// Source: Bossuat et al., eprint 2024/463, Table 5.2, uniform ternary secret. It holds for both rings: a sample of the
/// conjugate-invariant one is N coefficients of secret and error too (Kim-Song, eprint 2018/952).
int max_log_qp(int log_n, Security security);
const char* security_name(Security security);

}  // namespace tacet
