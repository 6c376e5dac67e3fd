// SPDX-License-Identifier: Apache-2.0
#include "serial/parameters_codec.h"

#include "util/error.h"

namespace tacet {

namespace {

std::vector<u64> read_primes(ByteReader& reader, int count, const char* field) {
  reader.require(static_cast<u64>(count), 8, field);
  std::vector<u64> primes;
  for (int i = 0; i < count; ++i) primes.push_back(reader.u64(field));
  return primes;
}

}  // namespace

ParameterSpec load_parameters(const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kParameters, nullptr);
  ByteReader reader = blob.reader();
  ParameterSpec spec;
  const u8 ring_type = reader.u8("ring type");
  if (ring_type > 1) fail(Code::kMalformed, "parameters: ring type %u, known are 0 and 1", ring_type);
  spec.ring_type = static_cast<RingType>(ring_type);
  spec.log_n = reader.u8("logN");
  spec.log_scale = reader.u8("log scale");
  const u8 security = reader.u8("security");
  if (security > 3 && security != 255) {
    fail(Code::kMalformed, "parameters: security level %u, known are 0..3 and 255", security);
  }
  spec.security = static_cast<Security>(security);
  spec.digit_size = reader.u8("digit size");
  const int chain_length = reader.u8("chain length");
  const int special_count = reader.u8("special prime count");
  const u8 reserved = reader.u8("reserved byte");
  if (reserved != 0) fail(Code::kMalformed, "parameters: the reserved byte is %u, not 0", reserved);
  spec.q = read_primes(reader, chain_length, "chain prime");
  spec.p = read_primes(reader, special_count, "special prime");
  reader.expect_end();
  spec.hash = blob.parameter_hash;
  return spec;
}

std::vector<u8> store_parameters(const ParameterSpec& spec) {
  const std::size_t body = 8 + 8 * (spec.q.size() + spec.p.size());
  std::vector<u8> bytes(blob_size(body));
  ByteWriter writer(bytes.data(), bytes.size());
  write_blob_header(writer, BlobKind::kParameters, spec.hash, body);
  writer.u8(static_cast<u8>(spec.ring_type));
  writer.u8(static_cast<u8>(spec.log_n));
  writer.u8(static_cast<u8>(spec.log_scale));
  writer.u8(static_cast<u8>(spec.security));
  writer.u8(static_cast<u8>(spec.digit_size));
  writer.u8(static_cast<u8>(spec.q.size()));
  writer.u8(static_cast<u8>(spec.p.size()));
  writer.u8(0);
  for (const u64 q : spec.q) writer.u64(q);
  for (const u64 p : spec.p) writer.u64(p);
  write_blob_trailer(writer);
  return bytes;
}

}  // namespace tacet
