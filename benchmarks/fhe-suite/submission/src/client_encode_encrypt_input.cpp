// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "answer.h"
#include "ckks/encoder.h"
#include "ciphertexts.h"
#include "keys.h"
#include "rlwe/encryption.h"
#include "util/thread_pool.h"

namespace tacet::suite {
namespace {

Ciphertext encrypt_row(const ClientModel& model, const SecretKey& secret, const double* row) {
  const Encoder encoder(model.context);
  const std::vector<double> slots = pack(model.input(), row, model.context->slots());
  PublicSeed seed;
  random_bytes(seed.bytes.data(), seed.bytes.size());
  SecretBytes secret_seed(32);
  random_bytes(secret_seed.data(), secret_seed.size());
  return encrypt_secret(model.context->ring(), secret,
                        encoder.encode(slots.data(), nullptr, slots.size(), model.input().level, model.input().scale), seed,
                        SecretSeed(secret_seed.data()));
}

void encrypt(const Instance& instance) {
  remove_old(instance.upload());
  remove_old(instance.expected());
  Clock clock;
  const ClientModel model = load_client_model(instance);
  FileHeader header;
  header.kind = FileKind::kUpload;
  header.model = model.id;
  header.request = random_tag();
  const SecretKey secret = load_secret_key(instance, model, header.keys);
  const std::size_t features = model.input().features;
  const std::vector<double> rows = read_numbers(instance.features(), FileKind::kFeatures, model.id, instance.rows, features);
  const double loaded = clock.lap();
  double encrypted = 0, written = 0;
  for (std::size_t first = 0; first < instance.rows; first += kRowsPerFile) {
    std::vector<Ciphertext> ciphertexts(std::min(kRowsPerFile, instance.rows - first));
    pool().parallel_for(ciphertexts.size(), [&](std::size_t k) {
      ciphertexts[k] = encrypt_row(model, secret, rows.data() + (first + k) * features);
    });
    encrypted += clock.lap();
    write_ciphertexts(instance.upload(), first / kRowsPerFile, header, *model.context, ciphertexts);
    written += clock.lap();
  }
  FileHeader expected = header;
  expected.kind = FileKind::kRequest;
  NewFile file(instance.expected(), Access::kOwner);
  write_header(file, expected);
  file.commit();
  say("client", "load %.1f ms, encrypt %.1f ms, write %.1f ms", loaded, encrypted, written);
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::encrypt); }
