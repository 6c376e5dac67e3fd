// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "serial/byte_reader.h"
#include "serial/byte_writer.h"

namespace tacet {

/// What a blob holds; the numbers are the wire format's and never change.
enum class BlobKind : std::uint16_t {
  kParameters = 1,
  kSecretKey = 2,
  kPublicKey = 3,
  kEvaluationKey = 4,
  kCiphertext = 5,
  kPlaintext = 6,
  kProgram = 7,
  kSignature = 8,
  kArtifact = 9,
  kKeyManifest = 10,
};

/// The kind's name in errors, such as "evaluation key".
const char* name(BlobKind kind);

/// SHA-256 of the body of the PARAMETERS blob.
using ParameterHash = std::array<std::uint8_t, 32>;

inline constexpr std::uint16_t kFormatVersion = 1;
inline constexpr std::size_t kBlobHeaderSize = 48;
inline constexpr std::size_t kBlobTrailerSize = 4;

/// An opened blob: header verified, checksum verified, body borrowed from the caller's bytes.
struct BlobView {
  BlobKind kind;
  ParameterHash parameter_hash;
  const std::uint8_t* body;
  std::size_t body_size;

  ByteReader reader() const { return ByteReader(body, body_size, name(kind)); }
};

/// Verifies magic, version, kind, length (exactly `size`) and CRC-32C. When `hash` is given the blob must have been
/// made under those parameters. Every violation raises Code::kMalformed.
BlobView open_blob(const std::uint8_t* data, std::size_t size, BlobKind expected, const ParameterHash* hash);

/// Bytes of a blob around a body of `body_size` bytes.
inline std::size_t blob_size(std::size_t body_size) { return kBlobHeaderSize + body_size + kBlobTrailerSize; }

/// Writes the header at the start of `writer`'s range; the body follows through the same writer.
void write_blob_header(ByteWriter& writer, BlobKind kind, const ParameterHash& hash, std::size_t body_size);

/// Appends the checksum of everything that `writer` holds.
void write_blob_trailer(ByteWriter& writer);

}  // namespace tacet
