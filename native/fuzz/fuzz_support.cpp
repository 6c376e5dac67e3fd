// SPDX-License-Identifier: Apache-2.0
#include "fuzz_support.h"

#include <cstring>

#include "math/primes.h"

namespace tacet::fuzz {

namespace {

/// The largest `count` primes below 2^bits that are 1 mod 32.
std::vector<u64> primes(int bits, std::size_t count) {
  std::vector<u64> found;
  for (u64 q = (u64{1} << bits) - 31; found.size() < count; q -= 32) {
    if (is_prime(q)) found.push_back(q);
  }
  return found;
}

}  // namespace

const std::shared_ptr<const Context>& context() {
  static const std::shared_ptr<const Context> made = [] {
    ParameterSpec spec;
    spec.log_n = 4;
    spec.log_scale = 30;
    spec.security = Security::kUncheckedForTests;
    spec.digit_size = 2;
    spec.q = primes(30, 3);
    spec.p = primes(40, 2);
    return Context::create(spec);
  }();
  return made;
}

std::vector<u8> wrap(BlobKind kind, const u8* body, std::size_t size) {
  std::vector<u8> bytes(blob_size(size));
  ByteWriter writer(bytes.data(), bytes.size());
  write_blob_header(writer, kind, context()->spec().hash, size);
  writer.bytes(body, size);
  write_blob_trailer(writer);
  return bytes;
}

}  // namespace tacet::fuzz
