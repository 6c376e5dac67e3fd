// SPDX-License-Identifier: Apache-2.0
#include "bundle.h"

#include <cmath>
#include <cstring>

#include "serial/byte_reader.h"
#include "serial/byte_writer.h"
#include "serial/crc32c.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

constexpr u8 kMagic[8] = {'T', 'A', 'C', 'E', 'S', 'U', 'I', 'T'};
constexpr u32 kVersion = 2;
constexpr std::size_t kChecked = kHeaderBytes - 4;

}  // namespace

void write_header(NewFile& file, const FileHeader& header) {
  u8 bytes[kHeaderBytes] = {};
  ByteWriter writer(bytes, sizeof bytes);
  writer.bytes(kMagic, sizeof kMagic);
  writer.u32(kVersion);
  writer.u32(static_cast<u32>(header.kind));
  writer.u32(header.model);
  writer.bytes(header.keys.bytes, sizeof header.keys.bytes);
  writer.bytes(header.request.bytes, sizeof header.request.bytes);
  writer.u64(header.items);
  writer.u64(header.item_size);
  writer.u64(header.bytes);
  writer.reserve(kChecked - writer.offset());
  writer.u32(crc32c(bytes, kChecked));
  file.write(bytes, sizeof bytes);
}

FileHeader read_header(const MappedFile& file, const fs::path& path, FileKind kind, u32 model) {
  const FileHeader header = read_header(file, path, kind);
  check_model(header, path, model);
  return header;
}

void check_model(const FileHeader& header, const fs::path& path, u32 model) {
  if (header.model != model) {
    fail(Code::kMalformed, "%s was made for another model", path.c_str());
  }
}

FileHeader read_header(const MappedFile& file, const fs::path& path, FileKind kind) {
  if (file.size() < kHeaderBytes || std::memcmp(file.data(), kMagic, sizeof kMagic) != 0) {
    fail(Code::kMalformed, "%s is not a file of this submission", path.c_str());
  }
  ByteReader reader(file.data(), kHeaderBytes, "header");
  reader.bytes(sizeof kMagic, "magic");
  const u32 version = reader.u32("version");
  FileHeader header;
  header.kind = static_cast<FileKind>(reader.u32("kind"));
  header.model = reader.u32("model");
  std::memcpy(header.keys.bytes, reader.bytes(sizeof header.keys.bytes, "keys"), sizeof header.keys.bytes);
  std::memcpy(header.request.bytes, reader.bytes(sizeof header.request.bytes, "request"), sizeof header.request.bytes);
  header.items = reader.u64("items");
  header.item_size = reader.u64("item size");
  header.bytes = reader.u64("bytes");
  reader.bytes(kChecked - reader.offset(), "reserved");
  if (version != kVersion || reader.u32("checksum") != crc32c(file.data(), kChecked)) {
    fail(Code::kMalformed, "%s: the header is damaged or of another version", path.c_str());
  }
  if (header.kind != kind) {
    fail(Code::kMalformed, "%s is a file of kind %u, kind %u is expected here", path.c_str(),
         static_cast<u32>(header.kind), static_cast<u32>(kind));
  }
  if (header.bytes != file.size() - kHeaderBytes) {
    fail(Code::kMalformed, "%s: the header declares %llu bytes, %zu are there", path.c_str(),
         static_cast<unsigned long long>(header.bytes), file.size() - kHeaderBytes);
  }
  return header;
}

void write_numbers(const fs::path& path, FileHeader header, const std::vector<double>& numbers) {
  header.bytes = numbers.size() * sizeof(double) + sizeof(u32);
  NewFile file(path, Access::kOwner);
  write_header(file, header);
  file.write(numbers.data(), numbers.size() * sizeof(double));
  const u32 checksum = crc32c(reinterpret_cast<const u8*>(numbers.data()), numbers.size() * sizeof(double));
  file.write(&checksum, sizeof checksum);
  file.commit();
}

std::vector<double> read_numbers(const fs::path& path, FileKind kind, u32 model, std::size_t rows, std::size_t row_size,
                                 FileHeader* header) {
  const MappedFile file(path);
  const FileHeader read = read_header(file, path, kind, model);
  const std::size_t bytes = rows * row_size * sizeof(double);
  if (read.items != rows || read.item_size != row_size || read.bytes != bytes + sizeof(u32)) {
    fail(Code::kMalformed, "%s: %llu rows of %llu numbers, expected are %zu of %zu", path.c_str(),
         static_cast<unsigned long long>(read.items), static_cast<unsigned long long>(read.item_size), rows, row_size);
  }
  const u8* body = file.data() + kHeaderBytes;
  u32 checksum;
  std::memcpy(&checksum, body + bytes, sizeof checksum);
  if (checksum != crc32c(body, bytes)) {
    fail(Code::kMalformed, "%s: the checksum does not fit the numbers", path.c_str());
  }
  std::vector<double> numbers(rows * row_size);
  std::memcpy(numbers.data(), body, bytes);
  for (const double number : numbers) {
    if (!std::isfinite(number)) {
      fail(Code::kMalformed, "%s: a number is not finite", path.c_str());
    }
  }
  if (header != nullptr) {
    *header = read;
  }
  return numbers;
}

}  // namespace tacet::suite
