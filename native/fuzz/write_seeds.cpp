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

std::vector<u8> stored(const Ciphertext& ciphertext) {
  std::vector<u8> bytes(ciphertext_size(*fuzz::context(), ciphertext));
  store_ciphertext(*fuzz::context(), ciphertext, bytes.data(), bytes.size());
  return bytes;
}

/// input, linearTransform, rescale, polynomial, output; with one constant of each kind.
std::vector<u8> program_body() {
  std::vector<u8> bytes(1000);
  ByteWriter w(bytes.data(), bytes.size());
  const auto number = [&](double value) {
    u64 bits;
    static_assert(sizeof bits == sizeof value, "doubles have 64 bits");
    __builtin_memcpy(&bits, &value, sizeof bits);
    w.u64(bits);
  };
  const auto op = [&](u8 opcode, int argument) {
    w.u8(opcode);
    w.u16(0);
    w.u8(argument < 0 ? 0 : 1);
    if (argument >= 0) w.u32(static_cast<u32>(argument));
  };
  const auto type = [&](u8 level, const Scale& scale) {
    w.u8(0);
    w.u8(level);
    w.u8(2);
    write_scale(w, scale);
  };
  const Scale scale = Scale::power_of_two(20), plain = Scale().times_prime(2);
  for (const u16 head : {1, 1, 1, 1}) w.u16(head);  // version, inputs, outputs, layers
  w.u16(3);
  w.bytes(reinterpret_cast<const u8*>("fc1"), 3);
  w.u32(3);
  w.u8(0), w.u32(2), w.u32(4), number(0.5), number(-1);
  w.u8(1), w.u32(1), w.u32(2), w.u32(2), w.u32(2), number(0.25), number(1);
  w.u8(2), w.u8(1), w.u16(1), number(0.5), number(0.5);
  w.u32(6);
  op(0, -1), w.u16(0), type(2, scale);
  op(15, 0), w.u32(1), w.u32(1), write_scale(w, plain), type(2, scale * plain);
  op(19, 1), type(1, scale);
  op(3, 2), w.u32(0), type(1, scale);
  op(16, 3), w.u32(2), type(0, scale);
  op(1, 4), w.u16(0), type(0, scale);
  bytes.resize(w.offset());
  return bytes;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 2) return 2;
  const std::string directory = arguments[1];
  mkdir(directory.c_str(), 0777);
  const Context& context = *fuzz::context();
  const u8 seed[32] = {1};
  const SecretKey key = SecretKey::from_seed(context.ring(), SecretSeed(seed));
  const double slots[] = {0.5, -0.25};
  const Plaintext plaintext = Encoder(fuzz::context()).encode(slots, nullptr, 2, 1, Scale::power_of_two(20));
  const Ciphertext seeded = encrypt_secret(context.ring(), key, plaintext, PublicSeed{}, SecretSeed(seed));
  write_body(directory, "ciphertext", "seeded", stored(seeded));
  write_body(directory, "ciphertext", "full", stored(Evaluator(fuzz::context(), nullptr).negate(seeded)));
  write_body(directory, "ciphertext", "three", stored(Evaluator(fuzz::context(), nullptr).square(seeded)));
  write_body(directory, "parameters", "small", store_parameters(context.spec()));
  const std::vector<u8> blob = stored(seeded);
  write(directory, "blob", "ciphertext", blob.data(), blob.size());
  std::vector<u8> evaluation(evaluation_key_size(context, 2));
  store_evaluation_key(context, make_evaluation_key(context.ring(), key, 5, 2, PublicSeed{}, SecretSeed(seed)),
                       evaluation.data(), evaluation.size());
  write_body(directory, "key", "rotation", evaluation);
  std::vector<u8> open(public_key_size(context));
  store_public_key(context, make_public_key(context.ring(), key, PublicSeed{}, SecretSeed(seed)), open.data(), open.size());
  write_body(directory, "key", "public", open);
  const std::vector<u8> program = program_body();
  write(directory, "program", "small", program.data(), program.size());
  return 0;
}
