// SPDX-License-Identifier: Apache-2.0
#pragma once
// Secret polynomials with small coefficients, on their way into a ciphertext or key.

#include "ring/sampler.h"
#include "ring/transform.h"

namespace tacet {

/// n signed coefficients in locked memory.
class SmallPoly {
 public:
  static SmallPoly ternary(std::size_t n, const SecretSeed& seed, Purpose purpose) {
    SmallPoly p(n);
    sample_ternary(p.data(), n, seed, purpose);
    return p;
  }
  static SmallPoly error(std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit = 0) {
    SmallPoly p(n);
    sample_error(p.data(), n, seed, purpose, digit);
    return p;
  }

  signed char* data() { return reinterpret_cast<signed char*>(bytes_.data()); }
  const signed char* data() const { return reinterpret_cast<const signed char*>(bytes_.data()); }

  /// Writes the evaluation form modulo the modulus of that ring index.
  void to_limb(u64* out, const Ring& ring, int index) const {
    to_residues(out, data(), ring.n(), ring.modulus(index).value);
    kernels().ntt_forward(out, ring.ntt(index));
  }

 private:
  explicit SmallPoly(std::size_t n) : bytes_(n) {}
  SecretBytes bytes_;
};

/// A limb of scratch for secret values: in locked memory as far as the limit goes, out of core dumps, zeroed when it goes.
/// Not from the cache of buffers, whose memory is dumped.
class SecretLimb {
 public:
  explicit SecretLimb(std::size_t n) : words_(n * sizeof(u64)) {}
  SecretLimb(const SecretLimb&) = delete;
  SecretLimb& operator=(const SecretLimb&) = delete;
  u64* data() { return reinterpret_cast<u64*>(words_.data()); }

 private:
  SecretBytes words_;
};

}  // namespace tacet
