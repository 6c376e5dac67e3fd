// SPDX-License-Identifier: Apache-2.0
#include "serial/blob.h"

#include <cstring>

#include "serial/crc32c.h"
#include "util/error.h"

namespace tacet {

namespace {
constexpr std::uint8_t kMagic[4] = {'T', 'A', 'C', 'E'};
}

const char* name(BlobKind kind) {
  switch (kind) {
    case BlobKind::kParameters: return "parameters";
    case BlobKind::kSecretKey: return "secret key";
    case BlobKind::kPublicKey: return "public key";
    case BlobKind::kEvaluationKey: return "evaluation key";
    case BlobKind::kCiphertext: return "ciphertext";
    case BlobKind::kPlaintext: return "plaintext";
    case BlobKind::kProgram: return "program";
    case BlobKind::kSignature: return "signature";
    case BlobKind::kArtifact: return "artifact";
    case BlobKind::kKeyManifest: return "key manifest";
  }
  return "blob of unknown kind";
}

BlobView open_blob(const std::uint8_t* data, std::size_t size, BlobKind expected, const ParameterHash* hash) {
  const char* subject = name(expected);
  ByteReader reader(data, size, subject);
  if (std::memcmp(reader.bytes(4, "magic"), kMagic, 4) != 0) {
    fail(Code::kMalformed, "%s: the bytes do not start with TACE", subject);
  }
  const std::uint16_t version = reader.u16("format version");
  if (version != kFormatVersion) {
    fail(Code::kMalformed, "%s: format version %u, this build reads %u", subject, version, kFormatVersion);
  }
  const std::uint16_t kind = reader.u16("kind");
  if (kind != static_cast<std::uint16_t>(expected)) {
    fail(Code::kMalformed, "%s expected (kind %u), found %s (kind %u)", subject, static_cast<unsigned>(expected),
         name(static_cast<BlobKind>(kind)), kind);
  }
  BlobView view;
  view.kind = expected;
  std::memcpy(view.parameter_hash.data(), reader.bytes(32, "parameter hash"), 32);
  const std::uint64_t length = reader.u64("body length");
  if (reader.remaining() < kBlobTrailerSize || length != reader.remaining() - kBlobTrailerSize) {
    fail(Code::kMalformed, "%s: the header declares a body of %llu bytes, the blob has %zu bytes in all", subject,
         static_cast<unsigned long long>(length), size);
  }
  view.body_size = static_cast<std::size_t>(length);
  view.body = reader.bytes(view.body_size, "body");
  const std::uint32_t declared = reader.u32("checksum");
  const std::uint32_t actual = crc32c(data, kBlobHeaderSize + view.body_size);
  if (declared != actual) {
    fail(Code::kMalformed, "%s: checksum is %08x, the bytes sum to %08x", subject, declared, actual);
  }
  if (hash != nullptr && view.parameter_hash != *hash) {
    fail(Code::kMalformed, "%s: made under parameters %02x%02x%02x%02x.., this context has %02x%02x%02x%02x..", subject,
         view.parameter_hash[0], view.parameter_hash[1], view.parameter_hash[2], view.parameter_hash[3], (*hash)[0],
         (*hash)[1], (*hash)[2], (*hash)[3]);
  }
  return view;
}

void write_blob_header(ByteWriter& writer, BlobKind kind, const ParameterHash& hash, std::size_t body_size) {
  writer.bytes(kMagic, sizeof kMagic);
  writer.u16(kFormatVersion);
  writer.u16(static_cast<std::uint16_t>(kind));
  writer.bytes(hash.data(), hash.size());
  writer.u64(body_size);
}

void write_blob_trailer(ByteWriter& writer) { writer.u32(crc32c(writer.data(), writer.offset())); }

}  // namespace tacet
