// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tacet {

/// Writes little-endian values into a borrowed byte range and never past its end.
///
/// Writing more than the range holds raises Code::kInternal: sizes are computed before a writer is made.
class ByteWriter {
 public:
  ByteWriter(std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  void u8(std::uint8_t value);
  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void u64(std::uint64_t value);
  void i16(std::int16_t value) { u16(static_cast<std::uint16_t>(value)); }
  void i32(std::int32_t value) { u32(static_cast<std::uint32_t>(value)); }
  void bytes(const std::uint8_t* source, std::size_t count);

  /// Advances over `count` bytes and returns them for the caller to fill.
  std::uint8_t* reserve(std::size_t count);

  std::size_t offset() const { return offset_; }
  std::size_t remaining() const { return size_ - offset_; }
  const std::uint8_t* data() const { return data_; }

 private:
  std::uint8_t* data_;
  std::size_t size_;
  std::size_t offset_ = 0;
};

}  // namespace tacet
