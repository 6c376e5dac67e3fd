// SPDX-License-Identifier: Apache-2.0
#include "ring/sampler.h"

#include <algorithm>
#include <cstring>

#include "ring/chacha20.h"
#include "util/thread_pool.h"

namespace tacet {

SecretSeed::SecretSeed(const u8 bytes[32]) : bytes_(32) { std::memcpy(bytes_.data(), bytes, 32); }

void expand_uniform(u64* out, std::size_t n, const Modulus& modulus, const PublicSeed& seed, Purpose purpose, u32 digit,
                    u32 limb) {
  WordStream stream(seed.bytes.data(), static_cast<u32>(purpose), digit, limb);
  for (std::size_t done = 0; done < n;)
    done += kernels().uniform(out + done, n - done, stream.next(), WordStream::kWords, modulus);
}

Poly<Eval> expand_uniform(const Ring& ring, int q_limbs, bool with_special, const PublicSeed& seed, Purpose purpose,
                          u32 digit) {
  Poly<Eval> out(ring.n(), q_limbs, with_special ? ring.special_count() : 0);
  pool().parallel_for(static_cast<std::size_t>(out.limbs()), [&](std::size_t i) {
    const int index = ring.index_of(static_cast<int>(i), q_limbs);
    expand_uniform(out.limb(static_cast<int>(i)), ring.n(), ring.modulus(index), seed, purpose, digit,
                   static_cast<u32>(index));
  });
  return out;
}

void sample_ternary(signed char* out, std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit) {
  WordStream stream(seed.data(), static_cast<u32>(purpose), digit, 0);
  for (std::size_t done = 0; done < n;)
    done += kernels().ternary(out + done, n - done, stream.next(), WordStream::kWords);
}

const std::vector<u64>& error_table() {
  // Discrete Gaussian on the integers with standard deviation parameter sigma = 3.19 (the HomomorphicEncryption.org
  // standard's 8/sqrt(2 pi)), rho(x) = exp(-x^2 / (2 sigma^2)); entries round(2^63 * sum_{|x|<=k} rho(x) / sum rho),
  // 80-digit decimal arithmetic (test/reference/reference.py). The next entry would be 2^63 itself.
  static const std::vector<u64> table = {
      0x1001f9a1b2ca9468, 0x2e7cf3ef07836cb6, 0x48ca7e85d834a57a, 0x5d5d51778f760881, 0x6bf35598550421b0,
      0x7552dc90807bbed6, 0x7ac8820561a4c975, 0x7daa6596524b7ffd, 0x7f0b8114bba4ecb9, 0x7fa4a9fc5ea574e9,
      0x7fe0e1077aef391a, 0x7ff6563f810f15d0, 0x7ffd4490999bc595, 0x7fff4c0804cd386e, 0x7fffd5e18e7fda18,
      0x7ffff709c679c2ee, 0x7ffffe445c790f6c, 0x7fffffb20f7aa54a, 0x7ffffff3903d235d, 0x7ffffffe32b06d1d,
      0x7fffffffc35125cc, 0x7ffffffff8c11765, 0x7fffffffff36fe33, 0x7fffffffffec3bf8, 0x7ffffffffffe3c8b,
      0x7fffffffffffdb75, 0x7ffffffffffffd51, 0x7fffffffffffffd2, 0x7ffffffffffffffd,
  };
  return table;
}

void sample_error(signed char* out, std::size_t n, const SecretSeed& seed, Purpose purpose, u32 digit) {
  const std::vector<u64>& table = error_table();
  WordStream stream(seed.data(), static_cast<u32>(purpose), digit, 0);
  for (std::size_t done = 0; done < n; done += WordStream::kWords) {
    const std::size_t count = std::min(n - done, WordStream::kWords);
    kernels().error(out + done, stream.next(), count, table.data(), table.size());
  }
}

void to_residues(u64* out, const signed char* small, std::size_t n, u64 q) {
  kernels().small_residues(out, small, n, q);
}

}  // namespace tacet
