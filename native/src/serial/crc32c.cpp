// SPDX-License-Identifier: Apache-2.0
#include "serial/crc32c.h"

#include <array>
#include <cstring>

#if defined(__x86_64__)
#include <nmmintrin.h>
#endif

namespace tacet {

namespace {

constexpr std::uint32_t kPolynomial = 0x82F63B78u;

/// tables[k][b] is the CRC register after byte b followed by k zero bytes (slicing by eight).
using Tables = std::array<std::array<std::uint32_t, 256>, 8>;

Tables make_tables() {
  Tables tables{};
  for (std::uint32_t b = 0; b < 256; ++b) {
    std::uint32_t crc = b;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1u) != 0 ? kPolynomial : 0u);
    tables[0][b] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k) {
    for (std::size_t b = 0; b < 256; ++b) {
      const std::uint32_t crc = tables[k - 1][b];
      tables[k][b] = (crc >> 8) ^ tables[0][crc & 0xFFu];
    }
  }
  return tables;
}

std::uint32_t load_le32(const std::uint8_t* at) {
  return static_cast<std::uint32_t>(at[0]) | static_cast<std::uint32_t>(at[1]) << 8 |
         static_cast<std::uint32_t>(at[2]) << 16 | static_cast<std::uint32_t>(at[3]) << 24;
}

std::uint32_t by_table(std::uint32_t crc, const std::uint8_t* data, std::size_t size) {
  static const Tables t = make_tables();
  for (; size >= 8; size -= 8, data += 8) {
    const std::uint32_t low = crc ^ load_le32(data);
    const std::uint32_t high = load_le32(data + 4);
    crc = t[7][low & 0xFF] ^ t[6][low >> 8 & 0xFF] ^ t[5][low >> 16 & 0xFF] ^ t[4][low >> 24] ^ t[3][high & 0xFF] ^
          t[2][high >> 8 & 0xFF] ^ t[1][high >> 16 & 0xFF] ^ t[0][high >> 24];
  }
  for (; size > 0; --size, ++data) crc = (crc >> 8) ^ t[0][(crc ^ *data) & 0xFF];
  return crc;
}

#if defined(__x86_64__)
/// Bytes of one of the three streams that the instruction, three cycles long, runs over at a time.
constexpr std::size_t kStream = 2048;

/// What kStream zero bytes do to a register: a linear map, by the register's four bytes.
class Skip {
 public:
  Skip() {
    const std::array<std::uint8_t, kStream> zeros{};
    std::array<std::uint32_t, 32> of_bit{};
    for (std::size_t bit = 0; bit < 32; ++bit) of_bit[bit] = by_table(std::uint32_t{1} << bit, zeros.data(), kStream);
    for (std::size_t k = 0; k < 4; ++k) {
      for (std::size_t b = 0; b < 256; ++b) {
        for (std::size_t bit = 0; bit < 8; ++bit) {
          if ((b >> bit & 1) != 0) maps_[k][b] ^= of_bit[8 * k + bit];
        }
      }
    }
  }

  std::uint32_t operator()(std::uint32_t crc) const {
    return maps_[0][crc & 0xFF] ^ maps_[1][crc >> 8 & 0xFF] ^ maps_[2][crc >> 16 & 0xFF] ^ maps_[3][crc >> 24];
  }

 private:
  std::array<std::array<std::uint32_t, 256>, 4> maps_{};
};

std::uint64_t load_word(const std::uint8_t* at) {
  std::uint64_t word;
  std::memcpy(&word, at, sizeof word);
  return word;
}

__attribute__((target("sse4.2"))) std::uint32_t by_instruction(std::uint32_t crc, const std::uint8_t* data, std::size_t size) {
  static const Skip skip;
  for (; size >= 3 * kStream; size -= 3 * kStream, data += 3 * kStream) {
    std::uint64_t first = crc, second = 0, third = 0;
    for (std::size_t i = 0; i < kStream; i += 8) {
      first = _mm_crc32_u64(first, load_word(data + i));
      second = _mm_crc32_u64(second, load_word(data + kStream + i));
      third = _mm_crc32_u64(third, load_word(data + 2 * kStream + i));
    }
    crc = skip(skip(static_cast<std::uint32_t>(first)) ^ static_cast<std::uint32_t>(second)) ^ static_cast<std::uint32_t>(third);
  }
  std::uint64_t rest = crc;
  for (; size >= 8; size -= 8, data += 8) rest = _mm_crc32_u64(rest, load_word(data));
  crc = static_cast<std::uint32_t>(rest);
  for (; size > 0; --size, ++data) crc = _mm_crc32_u8(crc, *data);
  return crc;
}
#endif

}  // namespace

std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t previous) {
#if defined(__x86_64__)
  static const bool has_instruction = __builtin_cpu_supports("sse4.2") != 0;
  if (has_instruction) return ~by_instruction(~previous, data, size);
#endif
  return ~by_table(~previous, data, size);
}

}  // namespace tacet
