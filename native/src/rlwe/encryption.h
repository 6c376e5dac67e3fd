// SPDX-License-Identifier: Apache-2.0
#pragma once
// Encryption and decryption.

#include "rlwe/ciphertext.h"
#include "rlwe/keys.h"

namespace tacet {

/// (-a s + e + m, a) with a expanded from public_seed; the result carries the seed and both components.
Ciphertext encrypt_secret(const Ring& ring, const SecretKey& key, const Plaintext& plaintext,
                          const PublicSeed& public_seed, const SecretSeed& secret_seed);

/// (b u + e_0 + m, a u + e_1) with ternary u.
Ciphertext encrypt_public(const Ring& ring, const PublicKey& key, const Plaintext& plaintext,
                          const SecretSeed& secret_seed);

/// c_0 + c_1 s (+ c_2 s^2). Takes two or three components, or an extracted ciphertext, whose other coefficients come out as zeros.
Plaintext decrypt(const Ring& ring, const SecretKey& key, const Ciphertext& ciphertext);

/// c_1 of a seeded ciphertext at `level`.
Poly<Eval> expand_ciphertext_uniform(const Ring& ring, int level, const PublicSeed& seed);

}  // namespace tacet
