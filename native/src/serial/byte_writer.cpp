// SPDX-License-Identifier: Apache-2.0
#include "serial/byte_writer.h"

#include <cstring>

#include "util/error.h"

namespace tacet {

std::uint8_t* ByteWriter::reserve(std::size_t count) {
  if (count > remaining()) {
    fail(Code::kInternal, "writing %zu bytes at offset %zu of a range of %zu", count, offset_, size_);
  }
  std::uint8_t* at = data_ + offset_;
  offset_ += count;
  return at;
}

void ByteWriter::u8(std::uint8_t value) { *reserve(1) = value; }

void ByteWriter::u16(std::uint16_t value) {
  std::uint8_t* at = reserve(2);
  for (int i = 0; i < 2; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void ByteWriter::u32(std::uint32_t value) {
  std::uint8_t* at = reserve(4);
  for (int i = 0; i < 4; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void ByteWriter::u64(std::uint64_t value) {
  std::uint8_t* at = reserve(8);
  for (int i = 0; i < 8; ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}

void ByteWriter::bytes(const std::uint8_t* source, std::size_t count) {
  if (count != 0) std::memcpy(reserve(count), source, count);
}

}  // namespace tacet
