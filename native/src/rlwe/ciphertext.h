// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plaintexts and ciphertexts.

#include <optional>
#include <vector>

#include "ring/sampler.h"
#include "rlwe/scale.h"

namespace tacet {

/// Where the message sits; the numbers are part of the wire format.
enum class Encoding : u8 { kSlots = 0, kCoefficients = 1 };

/// A scaled, rounded message: poly has chain limbs 0..level.
struct Plaintext {
  Encoding encoding = Encoding::kSlots;
  int level = 0;
  Scale scale;
  Poly<Eval> poly;
};

/// c_0 + c_1 s (+ c_2 s^2) = message + noise. Each component has chain limbs 0..level. `seed` is present only on fresh
/// secret-key encryptions, whose c_1 is its expansion (Purpose::kCiphertextUniform); every operation drops it.
struct Ciphertext {
  Encoding encoding = Encoding::kSlots;
  int level = 0;
  Scale scale;
  std::vector<Poly<Eval>> components;
  std::optional<PublicSeed> seed;

  int size() const { return static_cast<int>(components.size()); }
};

}  // namespace tacet
