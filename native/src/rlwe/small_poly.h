// SPDX-License-Identifier: Apache-2.0
#pragma once
// Secret polynomials with small coefficients, on their way into a ciphertext or key.

#include "ring/sampler.h"
#include "ring/transform.h"
#include "rlwe/secret_limb.h"

namespace tacet {

/// n signed coefficients in locked memory (SecretLimb).
class SmallPoly {
 public:
  static SmallPoly zero(std::size_t n) { return SmallPoly(n); }
  static SmallPoly ternary(std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit = 0) {
    SmallPoly p(n);
    sample_ternary(p.data(), n, seed, purpose, digit);
    return p;
  }
  static SmallPoly error(std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit = 0) {
    SmallPoly p(n);
    sample_error(p.data(), n, seed, purpose, digit);
    return p;
  }

  signed char* data() { return reinterpret_cast<signed char*>(words_.data()); }
  const signed char* data() const { return reinterpret_cast<const signed char*>(words_.data()); }

  /// Writes the evaluation form modulo the modulus of that ring index.
  void to_limb(u64* out, const Ring& ring, int index) const {
    to_residues(out, data(), ring.n(), ring.modulus(index).value);
    kernels().ntt_forward(out, ring.ntt(index));
  }

 private:
  explicit SmallPoly(std::size_t n) : words_((n + sizeof(u64) - 1) / sizeof(u64)) {}
  SecretLimb words_;
};

}  // namespace tacet
