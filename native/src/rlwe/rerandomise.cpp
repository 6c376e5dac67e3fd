// SPDX-License-Identifier: Apache-2.0
#include "rlwe/rerandomise.h"

#include <cmath>

#include "rlwe/small_poly.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

constexpr double kSigma = 3.19;
constexpr u32 kLayersOfACall = 256;
static_assert(kMostFloodBits < static_cast<int>(kLayersOfACall), "a call has as many digits of the stream's nonce");

/// Bits that the largest of all coefficients may lie above the deviation, and three that checks of answers need.
constexpr double kRoom = 7;

void check_operands(const Ring& ring, const Ciphertext& x, const Ciphertext& zero) {
  for (const Ciphertext* c : {&x, &zero}) {
    if (c->encoding == Encoding::kExtracted || c->size() != 2 || c->level < 0 || c->level > ring.max_level()) {
      fail(Code::kInvalidArgument, "flooding takes 2 components that are not extracted, has %d in encoding %d at level %d", c->size(),
           static_cast<int>(c->encoding), c->level);
    }
  }
  if (x.level != zero.level || x.encoding != zero.encoding) {
    fail(Code::kInvalidArgument, "flooding at level %d in encoding %d, the encryption of zero has level %d and encoding %d", x.level,
         static_cast<int>(x.encoding), zero.level, static_cast<int>(zero.encoding));
  }
  if (!zero.seed) {
    fail(Code::kInvalidArgument, "flooding needs an encryption of zero that is seeded: encrypt it under the secret key");
  }
}

/// The limbs of the flooding in coefficients, modulo q_0..q_level.
std::vector<SecretLimb> flooding(const Ring& ring, int level, int bits, const SecretSeed& seed, u32 number) {
  const std::size_t n = ring.n();
  std::vector<SecretLimb> sums;
  for (int limb = 0; limb <= level; ++limb) sums.emplace_back(n);
  SecretLimb residues(n);
  for (int i = bits - 1; i >= 0; --i) {  // Horner's rule: twice the layers above, plus this one
    const SmallPoly layer = SmallPoly::error(n, seed, Purpose::kFlooding, number * kLayersOfACall + static_cast<u32>(i));
    for (int limb = 0; limb <= level; ++limb) {
      const u64 q = ring.modulus(limb).value;
      u64* const sum = sums[static_cast<std::size_t>(limb)].data();
      kernels().add(sum, sum, sum, n, q);
      to_residues(residues.data(), layer.data(), n, q);
      kernels().add(sum, sum, residues.data(), n, q);
    }
  }
  return sums;
}

}  // namespace

double flood_deviation(int bits) { return kSigma * std::sqrt((std::ldexp(1.0, 2 * bits) - 1) / 3); }

void check_flooding(const Ring& ring, int level, double bits) {
  if (!(bits >= 1 && bits <= kMostFloodBits && bits == std::nearbyint(bits))) {
    fail(Code::kInvalidArgument, "flooding of %.17g bits, must be a whole number in 1..%d", bits, kMostFloodBits);
  }
  const double most = ring.log2_q(level) - kRoom;
  if (std::log2(flood_deviation(static_cast<int>(bits))) > most) {
    fail(Code::kInvalidArgument, "flooding of %d bits at level %d, whose modulus has room for a deviation of %.1f bits",
         static_cast<int>(bits), level, most);
  }
}

Ciphertext rerandomise(const Ring& ring, const Ciphertext& x, const Ciphertext& zero, int bits, const SecretSeed& seed, u32 number) {
  check_operands(ring, x, zero);
  check_flooding(ring, x.level, bits);
  const std::size_t n = ring.n();
  Ciphertext out;
  out.encoding = x.encoding;
  out.level = x.level;
  out.scale = x.scale;
  out.components.emplace_back(n, x.level + 1);
  out.components.emplace_back(n, x.level + 1);
  std::vector<SecretLimb> flood = flooding(ring, x.level, bits, seed, number);
  const SmallPoly u = SmallPoly::ternary(n, seed, Purpose::kEncryptionRandomness, number);
  const SmallPoly e0 = SmallPoly::error(n, seed, Purpose::kError, number);
  const SmallPoly e1 = SmallPoly::error(n, seed, Purpose::kSecondError, number);
  pool().parallel_for(static_cast<std::size_t>(x.level + 1), [&](std::size_t i) {
    const int limb = static_cast<int>(i);
    const Modulus& q = ring.modulus(limb);
    SecretLimb u_limb(n), error(n);
    u.to_limb(u_limb.data(), ring, limb);
    u64* const added = flood[i].data();
    kernels().ntt_forward(added, ring.ntt(limb));
    const SmallPoly* const errors[2] = {&e0, &e1};
    for (std::size_t c = 0; c < 2; ++c) {
      errors[c]->to_limb(error.data(), ring, limb);
      if (c == 0) kernels().add(error.data(), error.data(), added, n, q.value);
      kernels().add(error.data(), error.data(), x.components[c].limb(limb), n, q.value);
      kernels().multiply_add(out.components[c].limb(limb), zero.components[c].limb(limb), u_limb.data(), error.data(), n, q);
    }
  });
  return out;
}

}  // namespace tacet
