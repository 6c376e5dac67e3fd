// SPDX-License-Identifier: Apache-2.0
#include "serial/byte_reader.h"

#include <cmath>
#include <cstring>

#include "util/error.h"

namespace tacet {

namespace {

std::uint64_t little_endian(const std::uint8_t* bytes, int count) {
  std::uint64_t value = 0;
  for (int i = count - 1; i >= 0; --i) value = value << 8 | bytes[i];
  return value;
}

/// Reads `count` numbers; whether all are finite.
bool finite(double* out, const std::uint8_t* bytes, std::size_t count) {
  bool all = true;
  for (std::size_t i = 0; i < count; ++i, bytes += sizeof(double)) {
    const std::uint64_t bits = little_endian(bytes, sizeof bits);
    std::memcpy(&out[i], &bits, sizeof bits);
    all &= std::isfinite(out[i]);
  }
  return all;
}

/// Length of the well-formed UTF-8 sequence at the start of [bytes, bytes+left), or 0 (table 3-7 of Unicode 15).
std::size_t utf8_sequence(const std::uint8_t* bytes, std::size_t left) {
  const std::uint8_t first = bytes[0];
  if (first < 0x80) return 1;
  std::size_t length;
  std::uint8_t low = 0x80, high = 0xBF;
  if (first >= 0xC2 && first <= 0xDF) {
    length = 2;
  } else if (first >= 0xE0 && first <= 0xEF) {
    length = 3;
    if (first == 0xE0) low = 0xA0;
    if (first == 0xED) high = 0x9F;
  } else if (first >= 0xF0 && first <= 0xF4) {
    length = 4;
    if (first == 0xF0) low = 0x90;
    if (first == 0xF4) high = 0x8F;
  } else {
    return 0;
  }
  if (left < length || bytes[1] < low || bytes[1] > high) return 0;
  for (std::size_t i = 2; i < length; ++i) {
    if (bytes[i] < 0x80 || bytes[i] > 0xBF) return 0;
  }
  return length;
}

}  // namespace

const std::uint8_t* ByteReader::bytes(std::size_t count, const char* field) {
  if (count > remaining()) {
    fail(Code::kMalformed, "%s: %s at offset %zu needs %zu bytes, %zu are left", subject_, field, offset_, count,
         remaining());
  }
  const std::uint8_t* at = data_ + offset_;
  offset_ += count;
  return at;
}

std::uint8_t ByteReader::u8(const char* field) { return *bytes(1, field); }

std::uint16_t ByteReader::u16(const char* field) {
  return static_cast<std::uint16_t>(little_endian(bytes(2, field), 2));
}

std::uint32_t ByteReader::u32(const char* field) {
  return static_cast<std::uint32_t>(little_endian(bytes(4, field), 4));
}

std::uint64_t ByteReader::u64(const char* field) { return little_endian(bytes(8, field), 8); }

double ByteReader::f64(const char* field) {
  double value;
  const std::size_t at = offset_;
  if (!finite(&value, bytes(sizeof value, field), 1)) fail_not_finite(field, at);
  return value;
}

void ByteReader::f64s(double* out, std::size_t count, const char* field) {
  require(count, sizeof(double), field);
  const std::size_t start = offset_;
  if (finite(out, bytes(count * sizeof(double), field), count)) return;
  std::size_t i = 0;
  while (std::isfinite(out[i])) ++i;
  fail_not_finite(field, start + i * sizeof(double));
}

void ByteReader::fail_not_finite(const char* field, std::size_t offset) const {
  fail(Code::kMalformed, "%s: %s at offset %zu is not finite", subject_, field, offset);
}

void ByteReader::u16s(std::uint32_t* out, std::size_t count, const char* field) {
  require(count, 2, field);
  const std::uint8_t* from = bytes(count * 2, field);
  for (std::size_t i = 0; i < count; ++i) out[i] = static_cast<std::uint16_t>(little_endian(from + 2 * i, 2));
}

std::string ByteReader::string(const char* field) {
  const std::size_t length = u16(field);
  const std::size_t at = offset_;
  const std::uint8_t* text = bytes(length, field);
  for (std::size_t i = 0; i < length;) {
    const std::size_t step = utf8_sequence(text + i, length - i);
    if (step == 0) fail(Code::kMalformed, "%s: %s is not UTF-8 at offset %zu", subject_, field, at + i);
    i += step;
  }
  return std::string(reinterpret_cast<const char*>(text), length);
}

void ByteReader::require(std::uint64_t count, std::size_t item_size, const char* field) const {
  if (count > remaining() / item_size) {
    fail(Code::kMalformed, "%s: %s counts %llu items of at least %zu bytes at offset %zu, %zu bytes are left", subject_,
         field, static_cast<unsigned long long>(count), item_size, offset_, remaining());
  }
}

void ByteReader::expect_end() const {
  if (remaining() != 0) {
    fail(Code::kMalformed, "%s: %zu bytes are left over after offset %zu", subject_, remaining(), offset_);
  }
}

}  // namespace tacet
