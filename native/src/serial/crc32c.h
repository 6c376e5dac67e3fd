// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace tacet {

/// CRC-32C (Castagnoli, reflected polynomial 0x82F63B78, initial value and final xor 0xFFFFFFFF; RFC 3720 B.4).
/// `previous` is the CRC of the bytes before, so that a range can be summed in pieces: crc32c(b, n, crc32c(a, m)).
std::uint32_t crc32c(const std::uint8_t* data, std::size_t size, std::uint32_t previous = 0);

}  // namespace tacet
