// SPDX-License-Identifier: Apache-2.0
#include "serial/object_codec.h"

#include <cstring>

#include "rlwe/encryption.h"
#include "serial/bit_packing.h"
#include "serial/limbs.h"
#include "serial/scale_codec.h"
#include "util/error.h"

namespace tacet {

namespace {

constexpr std::size_t kSeedSize = 32;

PublicSeed read_seed(ByteReader& reader) {
  PublicSeed seed;
  std::memcpy(seed.bytes.data(), reader.bytes(kSeedSize, "seed"), kSeedSize);
  return seed;
}

/// `count` polynomials of the same shape; the remaining bytes must be just theirs.
std::vector<Poly<Eval>> read_polys(ByteReader& reader, const Ring& ring, std::size_t count, int q_limbs, bool with_special) {
  const std::size_t each = packed_poly_bytes(ring, q_limbs, with_special);
  reader.require(count, each, "limbs");
  std::vector<Poly<Eval>> polys;
  polys.reserve(count);
  for (std::size_t k = 0; k < count; ++k) {
    polys.push_back(unpack_poly(ring, q_limbs, with_special, reader.bytes(each, "limbs"), reader.subject()));
  }
  reader.expect_end();
  return polys;
}

void write_poly(ByteWriter& writer, const Ring& ring, const Poly<Eval>& poly) {
  pack_poly(ring, poly, writer.reserve(packed_poly_bytes(ring, poly.q_limbs(), poly.p_limbs() != 0)));
}

/// Bytes of the indexes and of `count` residues a limb, each limb's padded to a whole byte.
std::size_t extracted_bytes(const Ring& ring, int level, std::size_t count) {
  std::size_t bytes = sizeof(u32) + count * sizeof(u16);
  for (int limb = 0; limb <= level; ++limb) bytes += packed_bytes(count, ring.modulus(limb).value);
  return bytes;
}

ExtractedCoefficients read_extracted(ByteReader& reader, const Ring& ring, int level) {
  ExtractedCoefficients out;
  const u32 count = reader.u32("extracted coefficients");
  reader.require(count, sizeof(u16), "extracted coefficients");
  out.indexes.resize(count);
  reader.u16s(out.indexes.data(), out.indexes.size(), "coefficient's index");
  if (!are_indexes(out.indexes, ring.n())) {
    fail(Code::kMalformed, "ciphertext: %u extracted coefficients, their indexes must ascend below %zu and be at least one", count,
         ring.n());
  }
  out.residues.resize(static_cast<std::size_t>(level + 1) * count);
  for (int limb = 0; limb <= level; ++limb) {
    const std::size_t at = static_cast<std::size_t>(limb);
    const u64 q = ring.modulus(limb).value;
    unpack_residues(reader.bytes(packed_bytes(count, q), "extracted residues"), count, q, out.residues.data() + at * count,
                    "ciphertext", at);
  }
  return out;
}

void write_extracted(ByteWriter& writer, const Ring& ring, const Ciphertext& ciphertext) {
  const ExtractedCoefficients& extracted = ciphertext.extracted;
  const std::size_t count = extracted.indexes.size();
  writer.u32(static_cast<u32>(count));
  for (const u32 index : extracted.indexes) writer.u16(static_cast<u16>(index));
  for (int limb = 0; limb <= ciphertext.level; ++limb) {
    const u64 q = ring.modulus(limb).value;
    pack_residues(extracted.residues.data() + static_cast<std::size_t>(limb) * count, count, q, writer.reserve(packed_bytes(count, q)));
  }
}

std::size_t ciphertext_body(const Context& context, const Ciphertext& ciphertext) {
  const std::size_t each = packed_poly_bytes(context.ring(), ciphertext.level + 1, false);
  const std::size_t limbs = ciphertext.seed ? kSeedSize + each : each * ciphertext.components.size();
  const bool extracted = ciphertext.encoding == Encoding::kExtracted;
  return 4 + scale_size(ciphertext.scale) + limbs +
         (extracted ? extracted_bytes(context.ring(), ciphertext.level, ciphertext.extracted.indexes.size()) : 0);
}

std::size_t public_key_body(const Context& context) {
  return kSeedSize + packed_poly_bytes(context.ring(), context.ring().chain_length(), false);
}

std::size_t evaluation_key_body(const Context& context, int level) {
  const Ring& ring = context.ring();
  return 8 + kSeedSize + static_cast<std::size_t>(ring.digits(level)) * packed_poly_bytes(ring, level + 1, true);
}

ByteWriter begin_blob(const Context& context, BlobKind kind, std::size_t body, u8* data, std::size_t size) {
  if (size != blob_size(body)) {
    fail(Code::kInvalidArgument, "%s: the blob has %zu bytes, the range given has %zu", name(kind), blob_size(body), size);
  }
  ByteWriter writer(data, size);
  write_blob_header(writer, kind, context.spec().hash, body);
  return writer;
}

}  // namespace

Ciphertext load_ciphertext(const Context& context, const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kCiphertext, &context.spec().hash);
  ByteReader reader = blob.reader();
  const Ring& ring = context.ring();
  Ciphertext ciphertext;
  const u8 encoding = reader.u8("encoding");
  if (encoding > 2) fail(Code::kMalformed, "ciphertext: encoding %u, known are 0..2", encoding);
  ciphertext.encoding = static_cast<Encoding>(encoding);
  ciphertext.level = reader.u8("level");
  if (ciphertext.level > ring.max_level()) {
    fail(Code::kMalformed, "ciphertext: level %d, the chain ends at level %d", ciphertext.level, ring.max_level());
  }
  const u8 components = reader.u8("components");
  if (components < 2 || components > 3) fail(Code::kMalformed, "ciphertext: %u components, 2 or 3 are allowed", components);
  const u8 seeded = reader.u8("seeded");
  if (seeded > 1) fail(Code::kMalformed, "ciphertext: seeded is %u, neither 0 nor 1", seeded);
  if (seeded == 1 && components != 2) fail(Code::kMalformed, "ciphertext: seeded with %u components, not 2", components);
  const bool extracted = ciphertext.encoding == Encoding::kExtracted;
  if (extracted && (seeded == 1 || components != 2)) {
    fail(Code::kMalformed, "ciphertext: extracted with %u components%s, not 2 without a seed", components, seeded == 1 ? " and a seed" : "");
  }
  ciphertext.scale = read_scale(reader, ring.chain_length(), "scale");
  if (extracted) {
    ciphertext.extracted = read_extracted(reader, ring, ciphertext.level);
    ciphertext.components = read_polys(reader, ring, 1, ciphertext.level + 1, false);
  } else if (seeded == 1) {
    ciphertext.seed = read_seed(reader);
    ciphertext.components = read_polys(reader, ring, 1, ciphertext.level + 1, false);
    ciphertext.components.push_back(expand_ciphertext_uniform(ring, ciphertext.level, *ciphertext.seed));
  } else {
    ciphertext.components = read_polys(reader, ring, components, ciphertext.level + 1, false);
  }
  return ciphertext;
}

std::size_t ciphertext_size(const Context& context, const Ciphertext& ciphertext) {
  return blob_size(ciphertext_body(context, ciphertext));
}

void store_ciphertext(const Context& context, const Ciphertext& ciphertext, u8* data, std::size_t size) {
  ByteWriter writer = begin_blob(context, BlobKind::kCiphertext, ciphertext_body(context, ciphertext), data, size);
  writer.u8(static_cast<u8>(ciphertext.encoding));
  writer.u8(static_cast<u8>(ciphertext.level));
  const bool extracted = ciphertext.encoding == Encoding::kExtracted;
  writer.u8(extracted ? 2 : static_cast<u8>(ciphertext.components.size()));
  writer.u8(ciphertext.seed ? 1 : 0);
  write_scale(writer, ciphertext.scale);
  if (extracted) write_extracted(writer, context.ring(), ciphertext);
  if (ciphertext.seed) {
    writer.bytes(ciphertext.seed->bytes.data(), kSeedSize);
    write_poly(writer, context.ring(), ciphertext.components[0]);
  } else {
    for (const Poly<Eval>& component : ciphertext.components) write_poly(writer, context.ring(), component);
  }
  write_blob_trailer(writer);
}

PublicKey load_public_key(const Context& context, const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kPublicKey, &context.spec().hash);
  ByteReader reader = blob.reader();
  const Ring& ring = context.ring();
  const PublicSeed seed = read_seed(reader);
  std::vector<Poly<Eval>> b = read_polys(reader, ring, 1, ring.chain_length(), false);
  return expand_public_key(ring, seed, std::move(b[0]));
}

std::size_t public_key_size(const Context& context) { return blob_size(public_key_body(context)); }

void store_public_key(const Context& context, const PublicKey& key, u8* data, std::size_t size) {
  ByteWriter writer = begin_blob(context, BlobKind::kPublicKey, public_key_body(context), data, size);
  writer.bytes(key.seed.bytes.data(), kSeedSize);
  write_poly(writer, context.ring(), key.b);
  write_blob_trailer(writer);
}

SeededEvaluationKey load_evaluation_key(const Context& context, const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kEvaluationKey, &context.spec().hash);
  ByteReader reader = blob.reader();
  const Ring& ring = context.ring();
  SeededEvaluationKey key;
  key.galois = reader.u32("Galois element");
  if (key.galois != 0 && !is_galois_element(ring, key.galois)) {
    fail(Code::kMalformed, "evaluation key: Galois element %u is neither 0 nor %s", key.galois,
         galois_element_rule(ring).c_str());
  }
  key.level = reader.u8("level");
  if (key.level > ring.max_level()) {
    fail(Code::kMalformed, "evaluation key: level %d, the chain ends at level %d", key.level, ring.max_level());
  }
  const int digits = reader.u8("digit count");
  const int digit_size = reader.u8("digit size");
  const int special_count = reader.u8("special prime count");
  if (special_count == 0 || special_count != ring.special_count() || digit_size != ring.digit_size() ||
      digits != ring.digits(key.level)) {
    fail(Code::kMalformed,
         "evaluation key: %d digits of %d primes with %d special primes, the parameters have %d of %d with %d at level %d",
         digits, digit_size, special_count, ring.digits(key.level), ring.digit_size(), ring.special_count(), key.level);
  }
  key.seed = read_seed(reader);
  key.b = read_polys(reader, ring, static_cast<std::size_t>(digits), key.level + 1, true);
  return key;
}

std::size_t evaluation_key_size(const Context& context, int level) {
  return blob_size(evaluation_key_body(context, level));
}

void store_evaluation_key(const Context& context, const SeededEvaluationKey& key, u8* data, std::size_t size) {
  const Ring& ring = context.ring();
  ByteWriter writer = begin_blob(context, BlobKind::kEvaluationKey, evaluation_key_body(context, key.level), data, size);
  writer.u32(key.galois);
  writer.u8(static_cast<u8>(key.level));
  writer.u8(static_cast<u8>(key.b.size()));
  writer.u8(static_cast<u8>(ring.digit_size()));
  writer.u8(static_cast<u8>(ring.special_count()));
  writer.bytes(key.seed.bytes.data(), kSeedSize);
  for (const Poly<Eval>& digit : key.b) write_poly(writer, ring, digit);
  write_blob_trailer(writer);
}

SecretKey load_secret_key(const Context& context, const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kSecretKey, &context.spec().hash);
  ByteReader reader = blob.reader();
  const SecretSeed seed(reader.bytes(kSeedSize, "secret seed"));
  reader.expect_end();
  return SecretKey::from_seed(context.ring(), seed);
}

std::size_t secret_key_size() { return blob_size(kSeedSize); }

void store_secret_key(const Context& context, const SecretKey& key, u8* data, std::size_t size) {
  ByteWriter writer = begin_blob(context, BlobKind::kSecretKey, kSeedSize, data, size);
  writer.bytes(key.seed(), kSeedSize);
  write_blob_trailer(writer);
}

}  // namespace tacet
