// SPDX-License-Identifier: Apache-2.0
#include "rlwe/keys.h"

#include <algorithm>
#include <cstring>
#include <string>

#include "rlwe/small_poly.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

void check_key_shape(const Ring& ring, u32 galois, int level) {
  if (galois != 0 && !is_galois_element(ring, galois)) {
    fail(Code::kInvalidArgument, "Galois element %u must be 0 or %s", galois, galois_element_rule(ring).c_str());
  }
  if (level < 0 || level > ring.max_level()) {
    fail(Code::kInvalidArgument, "evaluation key level %d is outside 0..%d", level, ring.max_level());
  }
  if (ring.special_count() == 0)
    fail(Code::kInvalidArgument, "evaluation keys need special primes, the parameters have none");
}

}  // namespace

SecretKey SecretKey::from_seed(const Ring& ring, const SecretSeed& seed) {
  SecretKey key;
  const std::size_t n = ring.n();
  const std::size_t moduli = static_cast<std::size_t>(ring.chain_length() + ring.special_count());
  key.n_ = n;
  key.seed_ = SecretBytes(32);
  std::memcpy(key.seed_.data(), seed.data(), 32);
  key.ternary_ = SecretBytes(n);
  signed char* ternary = reinterpret_cast<signed char*>(key.ternary_.data());
  sample_ternary(ternary, n, seed, Purpose::kSecretKey);
  key.eval_ = SecretBytes(moduli * n * sizeof(u64));
  u64* eval = reinterpret_cast<u64*>(key.eval_.data());
  pool().parallel_for(moduli, [&](std::size_t i) {
    const int index = static_cast<int>(i);
    to_residues(eval + i * n, ternary, n, ring.modulus(index).value);
    kernels().ntt_forward(eval + i * n, ring.ntt(index));
  });
  return key;
}

PublicKey make_public_key(const Ring& ring, const SecretKey& key, const PublicSeed& public_seed,
                          const SecretSeed& secret_seed) {
  const std::size_t n = ring.n();
  PublicKey out{public_seed, Poly<Eval>(n, ring.chain_length()),
                expand_uniform(ring, ring.chain_length(), false, public_seed, Purpose::kPublicKeyUniform, 0)};
  const SmallPoly error = SmallPoly::error(n, secret_seed, Purpose::kError);
  pool().parallel_for(static_cast<std::size_t>(ring.chain_length()), [&](std::size_t i) {
    const int index = static_cast<int>(i);
    const Modulus& q = ring.modulus(index);
    SecretLimb e(n);
    error.to_limb(e.data(), ring, index);
    kernels().subtract_product(out.b.limb(index), e.data(), out.a.limb(index), key.limb(index), n, q);
  });
  return out;
}

PublicKey expand_public_key(const Ring& ring, const PublicSeed& seed, Poly<Eval> b) {
  if (b.n() != ring.n() || b.q_limbs() != ring.chain_length() || b.p_limbs() != 0) {
    fail(Code::kInvalidArgument, "public key of degree %zu with %d+%d limbs, the parameters need degree %zu with %d",
         b.n(), b.q_limbs(), b.p_limbs(), ring.n(), ring.chain_length());
  }
  Poly<Eval> a = expand_uniform(ring, ring.chain_length(), false, seed, Purpose::kPublicKeyUniform, 0);
  return PublicKey{seed, std::move(b), std::move(a)};
}

SeededEvaluationKey make_evaluation_key(const Ring& ring, const SecretKey& key, u32 galois, int level,
                                        const PublicSeed& public_seed, const SecretSeed& secret_seed) {
  check_key_shape(ring, galois, level);
  const std::size_t n = ring.n();
  const int q_limbs = level + 1;
  const int limbs = q_limbs + ring.special_count();
  SeededEvaluationKey out{galois, level, public_seed, {}};
  const std::vector<u32> permutation =
      galois == 0 ? std::vector<u32>() : automorphism_permutation(ring, galois);
  std::vector<SmallPoly> errors;
  for (int j = 0; j < ring.digits(level); ++j) {
    errors.push_back(SmallPoly::zero(n));
    out.b.emplace_back(n, q_limbs, ring.special_count());
  }
  pool().parallel_for(errors.size(), [&](std::size_t j) {
    sample_error(errors[j].data(), n, secret_seed, Purpose::kError, static_cast<u32>(j));
  });
  pool().parallel_for(static_cast<std::size_t>(limbs), [&](std::size_t task) {
    const int limb = static_cast<int>(task);
    const int index = ring.index_of(limb, q_limbs);
    const Modulus& q = ring.modulus(index);
    SecretLimb message(n), source(n);  // source: P * s' modulo this limb, for the one digit that holds it
    if (limb < q_limbs) {
      if (galois == 0) {
        kernels().multiply(source.data(), key.limb(index), key.limb(index), n, q);
      } else {
        kernels().gather(source.data(), key.limb(index), permutation.data(), n);
      }
      const u64 p = ring.special_mod(index);
      kernels().multiply_constant(source.data(), source.data(), p, shoup(p, q.value), n, q.value);
    }
    for (int j = 0; j < ring.digits(level); ++j) {
      u64* b = out.b[static_cast<std::size_t>(j)].limb(limb);
      expand_uniform(b, n, q, public_seed, Purpose::kEvaluationKeyUniform, static_cast<u32>(j),
                     static_cast<u32>(index));
      errors[static_cast<std::size_t>(j)].to_limb(message.data(), ring, index);
      if (limb < q_limbs && limb / ring.digit_size() == j)
        kernels().add(message.data(), message.data(), source.data(), n, q.value);
      kernels().subtract_product(b, message.data(), b, key.limb(index), n, q);
    }
  });
  return out;
}

EvaluationKey::EvaluationKey(const Ring& ring, u32 galois_element, int key_level)
    : galois(galois_element), level(key_level), digits(static_cast<std::size_t>(ring.digits(key_level))) {
  const int q_limbs = key_level + 1;
  limb_at.push_back(0);
  for (int limb = 0; limb < q_limbs + ring.special_count(); ++limb) {
    limb_at.push_back(limb_at.back() + kept_words(2 * digits * ring.n(), ring.modulus(ring.index_of(limb, q_limbs))));
  }
}

EvaluationKey expand(const Ring& ring, SeededEvaluationKey key) {
  check_key_shape(ring, key.galois, key.level);
  if (static_cast<int>(key.b.size()) != ring.digits(key.level)) {
    fail(Code::kInvalidArgument, "evaluation key at level %d has %zu digits, the parameters need %d", key.level,
         key.b.size(), ring.digits(key.level));
  }
  for (const Poly<Eval>& b : key.b) {
    if (b.n() != ring.n() || b.q_limbs() != key.level + 1 || b.p_limbs() != ring.special_count()) {
      fail(Code::kInvalidArgument,
           "evaluation key digit of degree %zu with %d+%d limbs, the parameters need degree %zu with %d+%d", b.n(),
           b.q_limbs(), b.p_limbs(), ring.n(), key.level + 1, ring.special_count());
    }
  }
  const std::size_t n = ring.n();
  const std::size_t block = key_block(n);
  EvaluationKey out(ring, key.galois, key.level);
  if (out.galois != 0) out.permutation = automorphism_permutation(ring, out.galois);
  out.words = Buffer(out.limb_at.back());
  pool().parallel_for(out.limbs() * out.digits, [&](std::size_t task) {
    const std::size_t j = task % out.digits;
    const int limb = static_cast<int>(task / out.digits);
    const int index = ring.index_of(limb, key.level + 1);
    Buffer uniform(n);
    expand_uniform(uniform.data(), n, ring.modulus(index), key.seed, Purpose::kEvaluationKeyUniform, static_cast<u32>(j),
                   static_cast<u32>(index));
    const u64* halves[] = {key.b[j].limb(limb), uniform.data()};
    u64* const to = out.words.data() + out.limb_at[static_cast<std::size_t>(limb)];
    const std::size_t bytes = kept_bytes(ring.modulus(index));
    for (std::size_t h = 0; h < 2; ++h) {
      for (std::size_t i = 0; i < n; i += block) keep(to, 2 * out.digits * i + (2 * j + h) * block, halves[h] + i, block, bytes);
    }
  });
  return out;
}

void EvaluationKeySet::add(std::shared_ptr<const EvaluationKey> key) {
  const std::pair<u32, int> id(key->galois, key->level);
  keys_[id] = std::move(key);
}

bool EvaluationKeySet::contains(u32 galois, int level) const {
  const auto found = keys_.lower_bound({galois, level});
  return found != keys_.end() && found->first.first == galois;
}

const EvaluationKey& EvaluationKeySet::find(u32 galois, int level) const {
  const auto found = keys_.lower_bound({galois, level});
  if (found != keys_.end() && found->first.first == galois) return *found->second;
  int highest = -1;
  for (const auto& entry : keys_) {
    if (entry.first.first == galois) highest = std::max(highest, entry.first.second);
  }
  const std::string what =
      galois == 0 ? "the relinearization key" : "the key of Galois element " + std::to_string(galois);
  if (highest >= 0) {
    fail(Code::kMissingKey, "%s is needed at level %d, the set has it up to level %d", what.c_str(), level, highest);
  }
  fail(Code::kMissingKey, "%s at level %d is missing; the set has %zu keys", what.c_str(), level, keys_.size());
}

std::size_t EvaluationKeySet::bytes() const {
  std::size_t sum = 0;
  for (const auto& entry : keys_) sum += entry.second->bytes();
  return sum;
}

}  // namespace tacet
