// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"

#include <cstring>

#include "math/primes.h"

namespace tacet::fuzz {

namespace {

constexpr int kLogN = 4;

/// The largest `count` primes below 2^bits that the ring can have.
std::vector<u64> primes(RingType ring, int bits, std::size_t count) {
  const u64 step = root_order(ring, u64{1} << kLogN);
  std::vector<u64> found;
  for (u64 q = (u64{1} << bits) + 1 - step; found.size() < count; q -= step) {
    if (is_prime(q)) found.push_back(q);
  }
  return found;
}

std::shared_ptr<const Context> make(RingType ring) {
  ParameterSpec spec;
  spec.ring_type = ring;
  spec.hash[0] = static_cast<u8>(ring);
  spec.log_n = kLogN;
  spec.log_scale = 30;
  spec.security = Security::kUncheckedForTests;
  spec.digit_size = 2;
  spec.q = primes(ring, 30, 3);
  spec.p = primes(ring, 40, 2);
  return Context::create(spec);
}

}  // namespace

const std::vector<std::shared_ptr<const Context>>& contexts() {
  static const std::vector<std::shared_ptr<const Context>> made = {make(RingType::kStandard), make(RingType::kConjugateInvariant)};
  return made;
}

std::vector<u8> wrap(const Context& context, BlobKind kind, const u8* body, std::size_t size) {
  std::vector<u8> bytes(blob_size(size));
  ByteWriter writer(bytes.data(), bytes.size());
  write_blob_header(writer, kind, context.spec().hash, size);
  writer.bytes(body, size);
  write_blob_trailer(writer);
  return bytes;
}

}  // namespace tacet::fuzz
