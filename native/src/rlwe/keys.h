// SPDX-License-Identifier: Apache-2.0
#pragma once
// Secret, public and evaluation keys, and their generation.

#include <map>
#include <memory>
#include <vector>

#include "ring/automorphism.h"
#include "ring/sampler.h"

namespace tacet {

/// The secret s: uniform ternary, with its evaluation form under every modulus of the ring. Memory is locked as far as
/// the limits allow, and zeroed on destruction. Move-only.
class SecretKey {
 public:
  /// Deterministic in the seed (Purpose::kSecretKey).
  static SecretKey from_seed(const Ring& ring, const SecretSeed& seed);

  /// The 32 bytes that the key is derived from.
  const u8* seed() const { return seed_.data(); }
  /// s modulo the modulus of that ring index, evaluation domain, in [0, q).
  const u64* limb(int index) const {
    return reinterpret_cast<const u64*>(eval_.data()) + static_cast<std::size_t>(index) * n_;
  }
  /// The coefficients of s, in {-1, 0, 1}.
  const signed char* ternary() const { return reinterpret_cast<const signed char*>(ternary_.data()); }
  std::size_t n() const { return n_; }
  /// True if seed, ternary and evaluation forms all sit in locked pages.
  bool fully_locked() const { return seed_.locked() && ternary_.locked() && eval_.locked(); }

 private:
  SecretKey() = default;
  std::size_t n_ = 0;
  SecretBytes seed_;
  SecretBytes ternary_;
  SecretBytes eval_;
};

/// An encryption of zero at the highest level: b = -a s + e. `a` is the expansion of the seed
/// (Purpose::kPublicKeyUniform).
struct PublicKey {
  PublicSeed seed;
  Poly<Eval> b;
  Poly<Eval> a;
};

/// The compact form of an evaluation key, as it travels. galois 0: s^2 -> s (relinearization); a Galois element g of the ring
/// (is_galois_element): sigma_g(s) -> s. b[j] has limbs q_0..q_level, p_0..p_{k-1}.
struct SeededEvaluationKey {
  u32 galois = 0;
  int level = 0;
  PublicSeed seed;
  std::vector<Poly<Eval>> b;
};

/// The compute form: both halves expanded, in the order in which a key switch reads them (key_block), each limb as residues are kept
/// (kept_words). For a Galois element g the digits pass through sigma_g, `permutation`, as they are multiplied. Empty permutation for
/// relinearization.
struct EvaluationKey {
  EvaluationKey() = default;
  /// Of a ring's key at a level, without words and permutation.
  EvaluationKey(const Ring& ring, u32 galois_element, int key_level);

  u32 galois = 0;
  int level = 0;
  std::size_t digits = 0;
  std::vector<std::size_t> limb_at;  ///< where each limb begins in `words`; at last, their number
  Buffer words;
  std::vector<u32> permutation;

  std::size_t limbs() const { return limb_at.size() - 1; }
  /// Limb i of q_0..q_level, p_0..
  const void* limb(int i) const { return words.data() + limb_at[static_cast<std::size_t>(i)]; }
  std::size_t bytes() const { return words.size() * sizeof(u64) + permutation.size() * sizeof(u32); }
};

/// An immutable set of keys once built; lookups are safe from many threads.
class EvaluationKeySet {
 public:
  /// Adds a key; a key with the same galois element and level replaces the older one.
  void add(std::shared_ptr<const EvaluationKey> key);
  /// The key for `galois` with the lowest level that is at least `level`. Throws Error(kMissingKey) naming both and
  /// what is there.
  const EvaluationKey& find(u32 galois, int level) const;
  bool contains(u32 galois, int level) const;
  std::size_t size() const { return keys_.size(); }
  /// Bytes of all keys in compute form.
  std::size_t bytes() const;

 private:
  std::map<std::pair<u32, int>, std::shared_ptr<const EvaluationKey>> keys_;
};

PublicKey make_public_key(const Ring& ring, const SecretKey& key, const PublicSeed& public_seed,
                          const SecretSeed& secret_seed);
/// The compute form of a public key that was read: expands a. `b` must have all chain limbs.
PublicKey expand_public_key(const Ring& ring, const PublicSeed& seed, Poly<Eval> b);

/// Throws Error(kInvalidArgument) for a number that is neither 0 nor a Galois element of the ring, a level outside the chain, or
/// no special primes.
SeededEvaluationKey make_evaluation_key(const Ring& ring, const SecretKey& key, u32 galois, int level,
                                        const PublicSeed& public_seed, const SecretSeed& secret_seed);
/// Checks the shape (digits, limbs) against the ring and expands the uniform half. Throws Error(kInvalidArgument) with
/// the numbers.
EvaluationKey expand(const Ring& ring, SeededEvaluationKey key);

}  // namespace tacet
