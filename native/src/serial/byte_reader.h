// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tacet {

/// Reads little-endian values from a borrowed byte range and never past its end.
///
/// Every read names the field it reads; a range that is too short raises Code::kMalformed with the field, the
/// offset, and the bytes needed and left. The bytes must outlive the reader.
class ByteReader {
 public:
  /// `subject` names the thing being read in errors ("ciphertext"); it must be a string literal.
  ByteReader(const std::uint8_t* data, std::size_t size, const char* subject)
      : data_(data), size_(size), subject_(subject) {}

  std::uint8_t u8(const char* field);
  std::uint16_t u16(const char* field);
  std::uint32_t u32(const char* field);
  std::uint64_t u64(const char* field);
  std::int16_t i16(const char* field) { return static_cast<std::int16_t>(u16(field)); }
  std::int32_t i32(const char* field) { return static_cast<std::int32_t>(u32(field)); }

  /// A finite IEEE double; NaN and infinities are malformed.
  double f64(const char* field);

  /// `count` numbers, as f64() and u16() read one.
  void f64s(double* out, std::size_t count, const char* field);
  void u16s(std::uint32_t* out, std::size_t count, const char* field);

  /// `count` raw bytes, borrowed from the range.
  const std::uint8_t* bytes(std::size_t count, const char* field);

  /// A u16 byte length and that many bytes of well-formed UTF-8.
  std::string string(const char* field);

  /// Fails unless `count` items of `item_size` bytes are left; call it before sizing anything by a count that was read.
  void require(std::uint64_t count, std::size_t item_size, const char* field) const;

  /// Fails when bytes are left over.
  void expect_end() const;

  std::size_t remaining() const { return size_ - offset_; }
  std::size_t offset() const { return offset_; }
  const char* subject() const { return subject_; }

 private:
  [[noreturn]] void fail_not_finite(const char* field, std::size_t offset) const;

  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t offset_ = 0;
  const char* subject_;
};

}  // namespace tacet
