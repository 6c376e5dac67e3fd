// SPDX-License-Identifier: Apache-2.0
#pragma once
// Plaintexts and ciphertexts.

#include <optional>
#include <vector>

#include "ring/sampler.h"
#include "rlwe/scale.h"

namespace tacet {

/// Where the message sits; the numbers are part of the wire format. Of kExtracted, a ciphertext in coefficients, only some
/// coefficients of c_0 are left: it can be decrypted there, and nothing else.
enum class Encoding : u8 { kSlots = 0, kCoefficients = 1, kExtracted = 2 };

/// A scaled, rounded message: poly has chain limbs 0..level.
struct Plaintext {
  Encoding encoding = Encoding::kSlots;
  int level = 0;
  Scale scale;
  Poly<Eval> poly;
};

/// Some coefficients of c_0.
struct ExtractedCoefficients {
  std::vector<u32> indexes;   ///< ascending, below the ring degree
  std::vector<u64> residues;  ///< for each limb 0..level one residue an index
};

/// Whether there is an index, and all ascend and are below n.
inline bool are_indexes(const std::vector<u32>& indexes, std::size_t n) {
  for (std::size_t k = 1; k < indexes.size(); ++k) {
    if (indexes[k] <= indexes[k - 1]) return false;
  }
  return !indexes.empty() && indexes.back() < n;
}

/// c_0 + c_1 s (+ c_2 s^2) = message + noise. Each component has chain limbs 0..level. `seed` is present only on fresh
/// secret-key encryptions, whose c_1 is its expansion (Purpose::kCiphertextUniform); every operation drops it. Where the encoding
/// is kExtracted the one component is c_1 and `extracted` is what is left of c_0; elsewhere `extracted` is empty.
struct Ciphertext {
  Encoding encoding = Encoding::kSlots;
  int level = 0;
  Scale scale;
  std::vector<Poly<Eval>> components;
  std::optional<PublicSeed> seed;
  ExtractedCoefficients extracted;

  int size() const { return static_cast<int>(components.size()); }
};

}  // namespace tacet
