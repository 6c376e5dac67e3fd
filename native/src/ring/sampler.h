// SPDX-License-Identifier: Apache-2.0
#pragma once
// Expansion of seeds: uniform limbs, ternary polynomials, rounded Gaussian errors.
//
// Stream: ChaCha20 with key = seed, nonce = u32 purpose | u32 digit | u32 limb (little endian), counter from 0, read as
// little-endian 64-bit words, one word a coefficient (rejected words are skipped).

#include <array>
#include <vector>

#include "ring/ring.h"
#include "util/secret_memory.h"

namespace tacet {

/// First word of the nonce. The numbers are part of the wire format.
enum class Purpose : u32 {
  kCiphertextUniform = 1,
  kPublicKeyUniform = 2,
  kEvaluationKeyUniform = 3,
  kSecretKey = 16,
  kError = 17,
  kEncryptionRandomness = 18,
  kSecondError = 19,
  kFlooding = 20,
};

/// Seed of the uniform halves: the only seed that is ever serialized. One for each ciphertext or key.
struct PublicSeed {
  std::array<u8, 32> bytes{};
};

/// Seed of secrets: secret key, errors, encryption randomness. Locked memory, never copied, never serialized by the
/// engine.
class SecretSeed {
 public:
  /// Copies 32 bytes; the caller clears its own.
  explicit SecretSeed(const u8 bytes[32]);
  const u8* data() const { return bytes_.data(); }

 private:
  SecretBytes bytes_;
};

/// Uniform residues modulo q in the evaluation domain: words >= q*floor(2^64/q) are skipped, the others taken mod q.
void expand_uniform(u64* out, std::size_t n, const Modulus& q, const PublicSeed& seed, Purpose purpose, u32 digit,
                    u32 limb);

/// A uniform polynomial with the given limbs (q_0..q_{q_limbs-1} and, if wanted, all special primes); limb numbers are
/// ring indexes.
Poly<Eval> expand_uniform(const Ring& ring, int q_limbs, bool with_special, const PublicSeed& seed, Purpose purpose,
                          u32 digit);

/// n coefficients uniform in {-1, 0, 1}: word mod 3 - 1 with the word 2^64-1 skipped. Constant time but for that skip.
void sample_ternary(signed char* out, std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit = 0);

/// n coefficients of the discrete Gaussian with sigma = 3.19 (see error_table()): lowest bit the sign, upper 63 bits
/// compared with the whole cumulative table. Constant time, no floating point, |value| <= 29.
void sample_error(signed char* out, std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit);

/// Cumulative table of |e|: entry k = round(2^63 * Pr[|e| <= k]).
const std::vector<u64>& error_table();

/// Small signed coefficients to residues in [0, q), q > 128, constant time.
void to_residues(u64* out, const signed char* small, std::size_t n, u64 q);

}  // namespace tacet
