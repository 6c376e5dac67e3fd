// SPDX-License-Identifier: Apache-2.0
#include "rlwe/encryption.h"

#include "rlwe/small_poly.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

void check_plaintext(const Ring& ring, const Plaintext& plaintext) {
  if (plaintext.level < 0 || plaintext.level > ring.max_level()) {
    fail(Code::kInvalidArgument, "plaintext level %d is outside 0..%d", plaintext.level, ring.max_level());
  }
  if (plaintext.poly.n() != ring.n() || plaintext.poly.q_limbs() != plaintext.level + 1 ||
      plaintext.poly.p_limbs() != 0) {
    fail(Code::kInvalidArgument, "plaintext of degree %zu with %d limbs at level %d, the parameters have degree %zu",
         plaintext.poly.n(), plaintext.poly.limbs(), plaintext.level, ring.n());
  }
}

void check_level(const Ring& ring, const Ciphertext& ciphertext) {
  if (ciphertext.level < 0 || ciphertext.level > ring.max_level()) {
    fail(Code::kInvalidArgument, "ciphertext level %d is outside 0..%d", ciphertext.level, ring.max_level());
  }
}

void check_components(const Ring& ring, const Ciphertext& ciphertext) {
  for (const Poly<Eval>& component : ciphertext.components) {
    if (component.n() != ring.n() || component.q_limbs() != ciphertext.level + 1) {
      fail(Code::kInvalidArgument,
           "ciphertext component of degree %zu with %d limbs at level %d, the parameters have degree %zu",
           component.n(), component.q_limbs(), ciphertext.level, ring.n());
    }
  }
}

/// The extracted coefficients of c_0 + c_1 s, zeros elsewhere. The other coefficients of c_1 s give the key away to whoever knows
/// c_1: they stay in secret memory.
Plaintext decrypt_extracted(const Ring& ring, const SecretKey& key, const Ciphertext& ciphertext) {
  const std::size_t n = ring.n(), limbs = static_cast<std::size_t>(ciphertext.level + 1);
  const std::vector<u32>& indexes = ciphertext.extracted.indexes;
  check_level(ring, ciphertext);
  check_components(ring, ciphertext);
  if (ciphertext.size() != 1 || ciphertext.extracted.residues.size() != limbs * indexes.size() || !are_indexes(indexes, n)) {
    fail(Code::kInvalidArgument, "an extracted ciphertext of %d components, %zu indexes below %zu and %zu residues at level %d",
         ciphertext.size(), indexes.size(), n, ciphertext.extracted.residues.size(), ciphertext.level);
  }
  Plaintext out;
  out.encoding = Encoding::kCoefficients;
  out.level = ciphertext.level;
  out.scale = ciphertext.scale;
  out.poly = Poly<Eval>::zero(n, out.level + 1);
  pool().parallel_for(limbs, [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus& q = ring.modulus(limb);
    SecretLimb product(n);
    kernels().multiply(product.data(), ciphertext.components[0].limb(limb), key.limb(limb), n, q);
    kernels().ntt_inverse(product.data(), ring.ntt(limb));
    u64* sum = out.poly.limb(limb);
    for (std::size_t k = 0; k < indexes.size(); ++k) {
      const u64 total = product.data()[indexes[k]] + ciphertext.extracted.residues[i * indexes.size() + k];
      sum[indexes[k]] = total - (total >= q.value ? q.value : 0);
    }
    kernels().ntt_forward(sum, ring.ntt(limb));
  });
  return out;
}

Ciphertext shell(const Plaintext& plaintext) {
  Ciphertext out;
  out.encoding = plaintext.encoding;
  out.level = plaintext.level;
  out.scale = plaintext.scale;
  return out;
}

}  // namespace

Poly<Eval> expand_ciphertext_uniform(const Ring& ring, int level, const PublicSeed& seed) {
  return expand_uniform(ring, level + 1, false, seed, Purpose::kCiphertextUniform, 0);
}

Ciphertext encrypt_secret(const Ring& ring, const SecretKey& key, const Plaintext& plaintext,
                          const PublicSeed& public_seed, const SecretSeed& secret_seed) {
  check_plaintext(ring, plaintext);
  const std::size_t n = ring.n();
  Ciphertext out = shell(plaintext);
  out.seed = public_seed;
  out.components.emplace_back(n, out.level + 1);
  out.components.emplace_back(n, out.level + 1);
  const SmallPoly error = SmallPoly::error(n, secret_seed, Purpose::kError);
  pool().parallel_for(static_cast<std::size_t>(out.level + 1), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus& q = ring.modulus(limb);
    SecretLimb message(n);
    error.to_limb(message.data(), ring, limb);
    kernels().add(message.data(), message.data(), plaintext.poly.limb(limb), n, q.value);
    u64* a = out.components[1].limb(limb);
    expand_uniform(a, n, q, public_seed, Purpose::kCiphertextUniform, 0, static_cast<u32>(limb));
    kernels().subtract_product(out.components[0].limb(limb), message.data(), a, key.limb(limb), n, q);
  });
  return out;
}

Ciphertext encrypt_public(const Ring& ring, const PublicKey& key, const Plaintext& plaintext,
                          const SecretSeed& secret_seed) {
  check_plaintext(ring, plaintext);
  const std::size_t n = ring.n();
  Ciphertext out = shell(plaintext);
  out.components.emplace_back(n, out.level + 1);
  out.components.emplace_back(n, out.level + 1);
  const SmallPoly u = SmallPoly::ternary(n, secret_seed, Purpose::kEncryptionRandomness);
  const SmallPoly e0 = SmallPoly::error(n, secret_seed, Purpose::kError);
  const SmallPoly e1 = SmallPoly::error(n, secret_seed, Purpose::kSecondError);
  pool().parallel_for(static_cast<std::size_t>(out.level + 1), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus& q = ring.modulus(limb);
    SecretLimb u_limb(n), error(n);
    u.to_limb(u_limb.data(), ring, limb);
    e0.to_limb(error.data(), ring, limb);
    kernels().add(error.data(), error.data(), plaintext.poly.limb(limb), n, q.value);
    kernels().multiply_add(out.components[0].limb(limb), key.b.limb(limb), u_limb.data(), error.data(), n, q);
    e1.to_limb(error.data(), ring, limb);
    kernels().multiply_add(out.components[1].limb(limb), key.a.limb(limb), u_limb.data(), error.data(), n, q);
  });
  return out;
}

Plaintext decrypt(const Ring& ring, const SecretKey& key, const Ciphertext& ciphertext) {
  if (ciphertext.encoding == Encoding::kExtracted) return decrypt_extracted(ring, key, ciphertext);
  const int size = ciphertext.size();
  if (size < 2 || size > 3)
    fail(Code::kInvalidArgument, "cannot decrypt a ciphertext of %d components; 2 or 3 can be", size);
  check_level(ring, ciphertext);
  check_components(ring, ciphertext);
  const std::size_t n = ring.n();
  Plaintext out;
  out.encoding = ciphertext.encoding;
  out.level = ciphertext.level;
  out.scale = ciphertext.scale;
  out.poly = Poly<Eval>(n, out.level + 1);
  pool().parallel_for(static_cast<std::size_t>(out.level + 1), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus& q = ring.modulus(limb);
    u64* sum = out.poly.limb(limb);
    const u64* s = key.limb(limb);
    const u64* highest = ciphertext.components.back().limb(limb);
    kernels().multiply_add(sum, highest, s, ciphertext.components[static_cast<std::size_t>(size - 2)].limb(limb), n, q);
    if (size == 3) kernels().multiply_add(sum, sum, s, ciphertext.components[0].limb(limb), n, q);
  });
  return out;
}

}  // namespace tacet
