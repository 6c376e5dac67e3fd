// SPDX-License-Identifier: Apache-2.0
// Writes one well-formed input per reader, from which the fuzzers start: write_seeds DIRECTORY.

#include <sys/stat.h>

#include <cstdio>
#include <string>

#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "fuzz_support.h"
#include "rlwe/encryption.h"
#include "serial/object_codec.h"
#include "serial/parameters_codec.h"
#include "serial/scale_codec.h"
#include "support/signature_bytes.h"

namespace {

using namespace tacet;

void write(const std::string& directory, const char* target, const char* name, const u8* data, std::size_t size) {
  mkdir((directory + "/" + target).c_str(), 0777);
  std::FILE* file = std::fopen((directory + "/" + target + "/" + name).c_str(), "wb");
  if (file == nullptr || std::fwrite(data, 1, size, file) != size) fuzz::broken("cannot write a seed");
  std::fclose(file);
}

/// The body of a blob.
void write_body(const std::string& directory, const char* target, const char* name, const std::vector<u8>& blob) {
  write(directory, target, name, blob.data() + kBlobHeaderSize, blob.size() - kBlobHeaderSize - kBlobTrailerSize);
}

std::vector<u8> stored(const Context& context, const Ciphertext& ciphertext) {
  std::vector<u8> bytes(ciphertext_size(context, ciphertext));
  store_ciphertext(context, ciphertext, bytes.data(), bytes.size());
  return bytes;
}

/// Writes the parts of a program's body.
struct ProgramWriter {
  std::vector<u8> bytes = std::vector<u8>(1000);
  ByteWriter w{bytes.data(), bytes.size()};
  u16 version;

  explicit ProgramWriter(u16 body_version) : version(body_version) {
    for (const u16 head : {version, u16{1}, u16{1}, u16{1}}) w.u16(head);  // version, inputs, outputs, layers
    w.u16(3);
    w.bytes(reinterpret_cast<const u8*>("fc1"), 3);
  }

  void number(double value) {
    u64 bits;
    static_assert(sizeof bits == sizeof value, "doubles have 64 bits");
    __builtin_memcpy(&bits, &value, sizeof bits);
    w.u64(bits);
  }
  void op(u8 opcode, int argument) {
    w.u8(opcode);
    w.u16(0);
    w.u8(argument < 0 ? 0 : 1);
    if (argument >= 0) w.u32(static_cast<u32>(argument));
  }
  void type(u8 level, const Scale& scale, u16 length = 1, u8 encoding = 0) {
    w.u8(encoding);
    w.u8(level);
    w.u8(2);
    write_scale(w, scale);
    if (version == 2) w.u16(length);
  }
  std::vector<u8> finished() {
    bytes.resize(w.offset());
    return bytes;
  }
};

const Scale kScale = Scale::power_of_two(20), kPlain = Scale().times_prime(2);

/// input, linearTransform, rescale, polynomial, output; with a constant of each kind that they take.
std::vector<u8> program_body() {
  ProgramWriter p(1);
  ByteWriter& w = p.w;
  w.u32(3);
  w.u8(0), w.u32(2), w.u32(4), p.number(0.5), p.number(-1);
  w.u8(1), w.u32(1), w.u32(2), w.u32(2), w.u32(2), p.number(0.25), p.number(1);
  w.u8(2), w.u8(1), w.u16(1), p.number(0.5), p.number(0.5);
  w.u32(6);
  p.op(0, -1), w.u16(0), p.type(2, kScale);
  p.op(15, 0), w.u32(1), w.u32(1), write_scale(w, kPlain), p.type(2, kScale * kPlain);
  p.op(19, 1), p.type(1, kScale);
  p.op(3, 2), w.u32(0), p.type(1, kScale);
  p.op(16, 3), w.u32(2), p.type(0, kScale);
  p.op(1, 4), w.u16(0), p.type(0, kScale);
  return p.finished();
}

/// input, linearTransform by three sparse diagonals, rescale, output.
std::vector<u8> diagonals_program_body() {
  ProgramWriter p(1);
  ByteWriter& w = p.w;
  w.u32(1);
  w.u8(4), w.u32(4), w.u32(3);
  w.i32(-3), w.i32(0), w.u32(1), w.u16(3), p.number(0.5);
  w.i32(0), w.i32(-1), w.u32(2), w.u16(0), w.u16(2), p.number(1), p.number(-0.25);
  w.i32(3), w.i32(0), w.u32(1), w.u16(1), p.number(0.125);
  w.u32(4);
  p.op(0, -1), w.u16(0), p.type(2, kScale);
  p.op(15, 0), w.u32(0), w.u32(1), write_scale(w, kPlain), p.type(2, kScale * kPlain);
  p.op(19, 1), p.type(1, kScale);
  p.op(1, 2), w.u16(0), p.type(1, kScale);
  return p.finished();
}

/// An array of two, matrixProduct to three, rescale, output.
std::vector<u8> array_program_body() {
  ProgramWriter p(2);
  ByteWriter& w = p.w;
  w.u32(1);
  w.u8(3), w.u16(3), w.u16(2);
  for (const double weight : {0.5, -1.0, 0.25, 0.125, 1.0, 0.0}) p.number(weight);
  for (const double bias : {0.5, 0.0, -2.0}) p.number(bias);
  w.u32(4);
  p.op(0, -1), w.u16(0), p.type(2, kScale, 2);
  p.op(17, 0), w.u32(0), write_scale(w, kPlain), p.type(2, kScale * kPlain, 3);
  p.op(19, 1), p.type(1, kScale, 3);
  p.op(1, 2), w.u16(0), p.type(1, kScale, 3);
  return p.finished();
}

/// input, multiplyPlain, addPlain and extract of coefficients, output.
std::vector<u8> coefficient_program_body() {
  ProgramWriter p(1);
  ByteWriter& w = p.w;
  const u32 n = static_cast<u32>(fuzz::contexts()[0]->n());
  w.u32(3);
  w.u8(0), w.u32(2), w.u32(n), p.number(0.5), p.number(-1);
  w.u8(0), w.u32(1), w.u32(n), p.number(0.25);
  w.u8(5), w.u32(2), w.u16(1), w.u16(4);
  w.u32(5);
  p.op(0, -1), w.u16(0), p.type(1, kScale, 1, 1);
  p.op(9, 0), w.u32(0), write_scale(w, Scale::power_of_two(4)), p.type(1, kScale * Scale::power_of_two(4), 1, 1);
  p.op(3, 1), w.u32(1), p.type(1, kScale * Scale::power_of_two(4), 1, 1);
  p.op(23, 2), w.u32(2), p.type(1, kScale * Scale::power_of_two(4), 1, 2);
  p.op(1, 3), w.u16(0), p.type(1, kScale * Scale::power_of_two(4), 1, 2);
  return p.finished();
}

/// Objects under one ring's parameters; `suffix` tells their files from the other ring's.
void write_objects(const std::string& directory, const std::shared_ptr<const Context>& shared, const std::string& suffix) {
  const Context& context = *shared;
  const u8 seed[32] = {1};
  const SecretKey key = SecretKey::from_seed(context.ring(), SecretSeed(seed));
  const double numbers[] = {0.5, -0.25};
  const Encoder encoder(shared);
  const Evaluator evaluator(shared, nullptr);
  const auto write_ciphertext = [&](const char* name, const Ciphertext& ciphertext) {
    write_body(directory, "ciphertext", (name + suffix).c_str(), stored(context, ciphertext));
  };
  const Plaintext slots = encoder.encode(numbers, nullptr, 2, 1, Scale::power_of_two(20));
  const Ciphertext seeded = encrypt_secret(context.ring(), key, slots, PublicSeed{}, SecretSeed(seed));
  write_ciphertext("seeded", seeded);
  write_ciphertext("full", evaluator.negate(seeded));
  write_ciphertext("three", evaluator.square(seeded));
  const Plaintext coefficients = encoder.encode_coefficients(numbers, 2, 1, Scale::power_of_two(20));
  const Ciphertext whole = encrypt_secret(context.ring(), key, coefficients, PublicSeed{}, SecretSeed(seed));
  write_ciphertext("extracted", evaluator.extract(whole, {0, 1, 5}));
  write_body(directory, "parameters", ("small" + suffix).c_str(), store_parameters(context.spec()));
  const std::vector<u8> blob = stored(context, seeded);
  write(directory, "blob", ("ciphertext" + suffix).c_str(), blob.data(), blob.size());
  std::vector<u8> evaluation(evaluation_key_size(context, 2));
  store_evaluation_key(context, make_evaluation_key(context.ring(), key, 5, 2, PublicSeed{}, SecretSeed(seed)),
                       evaluation.data(), evaluation.size());
  write_body(directory, "key", ("rotation" + suffix).c_str(), evaluation);
  std::vector<u8> open(public_key_size(context));
  store_public_key(context, make_public_key(context.ring(), key, PublicSeed{}, SecretSeed(seed)), open.data(), open.size());
  write_body(directory, "key", ("public" + suffix).c_str(), open);
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string directory = arguments[1];
  mkdir(directory.c_str(), 0777);
  write_objects(directory, fuzz::contexts()[0], "");
  write_objects(directory, fuzz::contexts()[1], "-real");
  for (u8 entries = 0; entries < 9; ++entries) {
    for (const u8 shape : {u8{4}, u8{9}}) {  // degree 2^8 in each ring
      const u8 choice[] = {entries, 4, shape, entries, 1, 2, 3};
      write(directory, "kernels", (std::to_string(entries) + "-" + std::to_string(shape)).c_str(), choice, sizeof choice);
    }
  }
  const std::vector<u8> program = program_body();
  write(directory, "program", "small", program.data(), program.size());
  const std::vector<u8> arrays = array_program_body();
  write(directory, "program", "arrays", arrays.data(), arrays.size());
  const std::vector<u8> in_coefficients = coefficient_program_body();
  write(directory, "program", "coefficients", in_coefficients.data(), in_coefficients.size());
  const std::vector<u8> diagonals = diagonals_program_body();
  write(directory, "program", "diagonals", diagonals.data(), diagonals.size());
  testing::SignatureBytes latency;
  for (latency.version = 1; latency.version <= 4; ++latency.version) {
    const std::vector<u8> body = latency.body();
    write(directory, "signature", std::to_string(latency.version).c_str(), body.data(), body.size());
  }
  const std::vector<u8> throughput = testing::SignatureBytes::throughput().body();
  write(directory, "signature", "5", throughput.data(), throughput.size());
  return 0;
}
