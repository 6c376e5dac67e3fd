// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "ckks/context.h"
#include "rlwe/ciphertext.h"
#include "rlwe/keys.h"
#include "serial/blob.h"

namespace tacet {

// Each load_* reads one whole blob made under `context`'s parameters; every violation is Code::kMalformed with the
// numbers, and nothing larger than the blob's own claim is allocated before that claim is checked against its length.
// Each *_size is the exact size of the blob, and store_* needs a range of just that size.

/// Full, seeded or extracted; the uniform half of a seeded ciphertext is expanded.
Ciphertext load_ciphertext(const Context& context, const u8* data, std::size_t size);
std::size_t ciphertext_size(const Context& context, const Ciphertext& ciphertext);
/// A ciphertext that carries its seed is written seeded.
void store_ciphertext(const Context& context, const Ciphertext& ciphertext, u8* data, std::size_t size);

/// Both halves, the uniform one expanded from its seed.
PublicKey load_public_key(const Context& context, const u8* data, std::size_t size);
std::size_t public_key_size(const Context& context);
void store_public_key(const Context& context, const PublicKey& key, u8* data, std::size_t size);

/// The compact form; expand() makes the compute form.
SeededEvaluationKey load_evaluation_key(const Context& context, const u8* data, std::size_t size);
std::size_t evaluation_key_size(const Context& context, int level);
void store_evaluation_key(const Context& context, const SeededEvaluationKey& key, u8* data, std::size_t size);

/// The secret key is its 32-byte seed.
SecretKey load_secret_key(const Context& context, const u8* data, std::size_t size);
std::size_t secret_key_size();
void store_secret_key(const Context& context, const SecretKey& key, u8* data, std::size_t size);

}  // namespace tacet
