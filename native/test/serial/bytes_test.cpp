// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <cstring>
#include <limits>

#include "serial/bit_packing.h"
#include "serial/blob.h"
#include "serial/byte_reader.h"
#include "serial/crc32c.h"
#include "serial/scale_codec.h"
#include "support/fixture.h"

namespace tacet {
namespace {

using testing::expect_error;

std::uint32_t crc_of(const std::vector<u8>& bytes) { return crc32c(bytes.data(), bytes.size()); }

TEST(Crc32c, MatchesThePublishedVectors) {
  // RFC 3720, appendix B.4, and the check value of the CRC catalogue.
  std::vector<u8> ascending(32), descending(32);
  for (u8 i = 0; i < 32; ++i) {
    ascending[i] = i;
    descending[i] = static_cast<u8>(31 - i);
  }
  EXPECT_EQ(0u, crc_of({}));
  EXPECT_EQ(0x8A9136AAu, crc_of(std::vector<u8>(32, 0x00)));
  EXPECT_EQ(0x62A8AB43u, crc_of(std::vector<u8>(32, 0xFF)));
  EXPECT_EQ(0x46DD794Eu, crc_of(ascending));
  EXPECT_EQ(0x113FDB5Cu, crc_of(descending));
  EXPECT_EQ(0xE3069283u, crc_of({'1', '2', '3', '4', '5', '6', '7', '8', '9'}));
}

TEST(Crc32c, CanBeComputedInPieces) {
  std::vector<u8> bytes(1000);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<u8>(i * 37 + 11);
  const std::uint32_t whole = crc_of(bytes);
  for (const std::size_t cut : {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{8}, std::size_t{999}}) {
    EXPECT_EQ(whole, crc32c(bytes.data() + cut, bytes.size() - cut, crc32c(bytes.data(), cut))) << "cut at " << cut;
  }
}

/// The definition, bit by bit: long inputs take another way through the code than short ones.
TEST(Crc32c, OfAnyLengthIsThatOfTheDefinition) {
  for (const std::size_t size : {0, 1, 7, 8, 6143, 6144, 6145, 6151, 12288, 20001}) {
    std::vector<u8> bytes(size);
    for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<u8>(i * i * 13 + i / 7);
    std::uint32_t crc = 0xFFFFFFFF;
    for (const u8 byte : bytes) {
      crc ^= byte;
      for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82F63B78u : 0u);
    }
    EXPECT_EQ(~crc, crc_of(bytes)) << size;
  }
}

TEST(BitPacking, HasKnownBytes) {
  // q = 13 takes four bits: 1, 2, 12 are the nibbles 1, 2, c, and a nibble of padding.
  const u64 residues[] = {1, 2, 12};
  u8 packed[2];
  ASSERT_EQ(2u, packed_bytes(3, 13));
  pack_residues(residues, 3, 13, packed);
  EXPECT_EQ(0x21, packed[0]);
  EXPECT_EQ(0x0C, packed[1]);
}

TEST(BitPacking, RoundTripsAtEveryWidthAndAtTheRangesEdges) {
  std::mt19937_64 engine(5);
  for (int bits = 2; bits <= 50; ++bits) {
    const u64 top = (u64{1} << bits) - 1;
    for (const u64 q : {top, (u64{1} << (bits - 1)) + 1}) {
      ASSERT_EQ(bits, packed_bits(q));
      for (const std::size_t count : {std::size_t{1}, std::size_t{3}, std::size_t{16}, std::size_t{67}}) {
        std::vector<u64> residues(count), back(count);
        for (u64& r : residues) r = engine() % q;
        residues[0] = q - 1;
        residues[count - 1] = count % 2 == 0 ? 0 : q - 1;
        std::vector<u8> packed(packed_bytes(count, q) + 1, 0xA5);
        pack_residues(residues.data(), count, q, packed.data());
        EXPECT_EQ(0xA5, packed.back()) << "wrote past its end";
        unpack_residues(packed.data(), count, q, back.data(), "limb", 0);
        EXPECT_EQ(residues, back) << bits << " bits, " << count << " residues";
      }
    }
  }
}

TEST(BitPacking, RefusesAResidueAtItsPrimeByIndexAndLimb) {
  const u64 q = (u64{1} << 20) - 3;
  for (const u64 bad : {q, q + 1, q + 2}) {
    std::vector<u64> back(16);
    std::vector<u8> packed(packed_bytes(16, q), 0);
    for (std::size_t bit = 0; bit < 20; ++bit) {
      const std::size_t at = 9 * 20 + bit;
      if ((bad >> bit & 1) != 0) packed[at / 8] |= static_cast<u8>(1 << (at % 8));
    }
    expect_error(Code::kMalformed, {"ciphertext", "residue 9", "limb 3", "1048573"},
                 [&] { unpack_residues(packed.data(), 16, q, back.data(), "ciphertext", 3); });
  }
}

TEST(BitPacking, RefusesSetPaddingBits) {
  const u8 packed[] = {0x21, 0x1C};
  u64 back[3];
  expect_error(Code::kMalformed, {"padding", "limb 2"}, [&] { unpack_residues(packed, 3, 13, back, "key", 2); });
}

TEST(ByteReader, ReadsLittleEndianAndChecksEachLength) {
  const u8 bytes[] = {0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0xFF, 0xFE, 0xFF};
  ByteReader reader(bytes, sizeof bytes, "thing");
  EXPECT_EQ(0x04030201u, reader.u32("a"));
  EXPECT_EQ(0x0605, reader.u16("b"));
  EXPECT_EQ(0x07, reader.u8("c"));
  EXPECT_EQ(0x08, reader.u8("d"));
  EXPECT_EQ(-257, reader.i16("e"));
  expect_error(Code::kMalformed, {"thing", "field", "offset 10", "needs 4", "1 are left"}, [&] { reader.u32("field"); });
  expect_error(Code::kMalformed, {"1 bytes are left over"}, [&] { reader.expect_end(); });
  expect_error(Code::kMalformed, {"counts 4000000000 items"}, [&] { reader.require(4000000000u, 12, "ops"); });
  EXPECT_EQ(0xFF, reader.u8("f"));
  reader.expect_end();
}

TEST(ByteReader, RefusesNumbersThatAreNotFinite) {
  for (const double bad : {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                           -std::numeric_limits<double>::infinity()}) {
    u8 bytes[8];
    std::memcpy(bytes, &bad, 8);
    expect_error(Code::kMalformed, {"weight", "not finite"}, [&] { ByteReader(bytes, 8, "program").f64("weight"); });
  }
}

TEST(ByteReader, TakesWellFormedUtf8Only) {
  const auto read = [](const std::string& text) {
    std::vector<u8> bytes = {static_cast<u8>(text.size()), 0};
    bytes.insert(bytes.end(), text.begin(), text.end());
    return ByteReader(bytes.data(), bytes.size(), "program").string("layer");
  };
  for (const char* good : {"", "fc1", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x94\x91", "\xED\x9F\xBF", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(good, read(good));
  }
  // stray continuation, overlong (two forms), surrogate, beyond U+10FFFF, cut short, never a first byte
  for (const char* bad : {"\x80", "\xC0\x80", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "a\xE2\x82", "\xFF"}) {
    expect_error(Code::kMalformed, {"layer", "UTF-8"}, [&] { read(bad); });
  }
}

TEST(ScaleCodec, AcceptsTheCanonicalFormOnly) {
  const auto read = [](const std::vector<u8>& bytes) {
    ByteReader reader(bytes.data(), bytes.size(), "ciphertext");
    const Scale scale = read_scale(reader, 4, "scale");
    reader.expect_end();
    return scale;
  };
  EXPECT_EQ(Scale::power_of_two(-2).times_prime(1, -1).times_prime(3, 2),
            read({0xFE, 0xFF, 0xFF, 0xFF, 2, 1, 0xFF, 0xFF, 3, 2, 0}));
  expect_error(Code::kMalformed, {"2^65537"}, [&] { read({1, 0, 1, 0, 0}); });
  expect_error(Code::kMalformed, {"2^-65537"}, [&] { read({0xFF, 0xFF, 0xFE, 0xFF, 0}); });
  expect_error(Code::kMalformed, {"prime 1 after prime 3"}, [&] { read({0, 0, 0, 0, 2, 3, 1, 0, 1, 1, 0}); });
  expect_error(Code::kMalformed, {"prime 1 after prime 1"}, [&] { read({0, 0, 0, 0, 2, 1, 1, 0, 1, 1, 0}); });
  expect_error(Code::kMalformed, {"prime 4", "chain of 4"}, [&] { read({0, 0, 0, 0, 1, 4, 1, 0}); });
  expect_error(Code::kMalformed, {"exponent 0"}, [&] { read({0, 0, 0, 0, 1, 2, 0, 0}); });
  expect_error(Code::kMalformed, {"exponent 2049"}, [&] { read({0, 0, 0, 0, 1, 2, 0x01, 0x08}); });
  expect_error(Code::kMalformed, {"exponent -32768"}, [&] { read({0, 0, 0, 0, 1, 2, 0x00, 0x80}); });
  expect_error(Code::kMalformed, {"needs"}, [&] { read({0, 0, 0, 0, 2, 1, 1, 0}); });
}

std::vector<u8> sample_blob() {
  ParameterHash hash{};
  hash[0] = 0xAB;
  std::vector<u8> bytes(blob_size(3));
  ByteWriter writer(bytes.data(), bytes.size());
  write_blob_header(writer, BlobKind::kCiphertext, hash, 3);
  writer.u8(1);
  writer.u16(0x0302);
  write_blob_trailer(writer);
  return bytes;
}

TEST(Blob, HasTheHeaderOfTheFormat) {
  const std::vector<u8> bytes = sample_blob();
  EXPECT_EQ((std::vector<u8>{'T', 'A', 'C', 'E', 1, 0, 5, 0, 0xAB}), std::vector<u8>(bytes.begin(), bytes.begin() + 9));
  EXPECT_EQ((std::vector<u8>{3, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3}), std::vector<u8>(bytes.begin() + 40, bytes.begin() + 51));
  EXPECT_EQ(3u, open_blob(bytes.data(), bytes.size(), BlobKind::kCiphertext, nullptr).body_size);
}

TEST(Blob, EveryFaultOfTheHeaderIsNamed) {
  const auto refused = [](std::size_t at, u8 value, std::vector<std::string> parts) {
    std::vector<u8> bytes = sample_blob();
    bytes[at] = value;
    ByteWriter trailer(bytes.data(), bytes.size());
    trailer.reserve(bytes.size() - 4);
    trailer.u32(crc32c(bytes.data(), bytes.size() - 4));
    ParameterHash hash{};
    hash[0] = 0xAB;
    expect_error(Code::kMalformed, parts, [&] { open_blob(bytes.data(), bytes.size(), BlobKind::kCiphertext, &hash); });
  };
  refused(0, 'X', {"TACE"});
  refused(4, 2, {"version 2"});
  refused(6, 3, {"ciphertext expected", "found public key"});
  refused(6, 99, {"found blob of unknown kind", "99"});
  refused(8, 0xAC, {"parameters ac", "context has ab"});
  refused(40, 4, {"body of 4 bytes", "55 bytes in all"});
  refused(47, 0xFF, {"body of 18374686479671623683 bytes"});
}

TEST(Blob, AFlippedBitIsAWrongChecksum) {
  for (std::size_t bit = 0; bit < 24; ++bit) {
    std::vector<u8> bytes = sample_blob();
    bytes[48 + bit / 8] ^= static_cast<u8>(1 << (bit % 8));
    expect_error(Code::kMalformed, {"checksum"}, [&] { open_blob(bytes.data(), bytes.size(), BlobKind::kCiphertext, nullptr); });
  }
}

TEST(Blob, EveryTruncationIsRefused) {
  const std::vector<u8> bytes = sample_blob();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    expect_error(Code::kMalformed, {"ciphertext"}, [&] { open_blob(bytes.data(), size, BlobKind::kCiphertext, nullptr); });
  }
}

}  // namespace
}  // namespace tacet
