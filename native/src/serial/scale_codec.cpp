// SPDX-License-Identifier: Apache-2.0
#include "serial/scale_codec.h"

#include "util/error.h"

namespace tacet {

namespace {
constexpr int kMaxPowerOfTwo = 65536;
constexpr int kMaxExponent = 2048;
}  // namespace

Scale read_scale(ByteReader& reader, int chain_length, const char* field) {
  const int power = reader.i32(field);
  if (power < -kMaxPowerOfTwo || power > kMaxPowerOfTwo) {
    fail(Code::kMalformed, "%s: %s has 2^%d, at most 2^+-%d is allowed", reader.subject(), field, power, kMaxPowerOfTwo);
  }
  Scale scale = Scale::power_of_two(power);
  const int count = reader.u8(field);
  int last = -1;
  for (int k = 0; k < count; ++k) {
    const int index = reader.u8(field);
    const int exponent = reader.i16(field);
    if (index <= last) {
      fail(Code::kMalformed, "%s: %s names prime %d after prime %d", reader.subject(), field, index, last);
    }
    if (index >= chain_length) {
      fail(Code::kMalformed, "%s: %s names prime %d of a chain of %d", reader.subject(), field, index, chain_length);
    }
    if (exponent == 0 || exponent < -kMaxExponent || exponent > kMaxExponent) {
      fail(Code::kMalformed, "%s: %s has exponent %d of prime %d, allowed are 1..%d and their negatives",
           reader.subject(), field, exponent, index, kMaxExponent);
    }
    last = index;
    scale = scale.times_prime(index, exponent);
  }
  return scale;
}

void write_scale(ByteWriter& writer, const Scale& scale) {
  writer.i32(scale.power_of_two_exponent());
  writer.u8(static_cast<std::uint8_t>(scale.factors().size()));
  for (const auto& [index, exponent] : scale.factors()) {
    writer.u8(index);
    writer.i16(exponent);
  }
}

std::size_t scale_size(const Scale& scale) { return 5 + 3 * scale.factors().size(); }

}  // namespace tacet
