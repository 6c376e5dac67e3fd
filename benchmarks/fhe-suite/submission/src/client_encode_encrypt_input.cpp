// SPDX-License-Identifier: Apache-2.0
#include "answer.h"
#include "ckks/encoder.h"
#include "ciphertexts.h"
#include "keys.h"
#include "rlwe/encryption.h"
#include "runs.h"

namespace tacet::suite {
namespace {

Ciphertext encrypt_slots(const ClientModel& model, const SecretKey& secret, const std::vector<double>& slots) {
  const Encoder encoder(model.context);
  PublicSeed seed;
  random_bytes(seed.bytes.data(), seed.bytes.size());
  SecretBytes secret_seed(32);
  random_bytes(secret_seed.data(), secret_seed.size());
  return encrypt_secret(model.context->ring(), secret,
                        encoder.encode(slots.data(), nullptr, slots.size(), model.input().level, model.input().scale),
                        seed, SecretSeed(secret_seed.data()));
}

/// Slots of ciphertext `element` of a run of `count` rows.
std::vector<double> slots_of(const ClientModel& model, std::size_t element, const double* rows, std::size_t count) {
  const std::size_t slots = model.context->slots();
  if (model.signature.packing == Packing::kLatency) {
    return pack(model.input(), rows, slots);
  }
  return pack_feature(model.signature, element, rows, count, slots);
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
  const std::vector<double> rows =
      read_numbers(instance.features(), FileKind::kFeatures, model.id, instance.rows, features);
  const RunPlan plan = plan_runs(model, instance.rows);
  const double loaded = clock.lap();
  for (std::size_t file = 0; file < plan.files(); ++file) {
    write_ciphertexts(
        instance.upload(), file, header, *model.context, plan.runs_in(file) * plan.inputs, [&](std::size_t k) {
          const std::size_t run = plan.first_run(file) + k / plan.inputs;
          const double* of_run = rows.data() + plan.first_row(run) * features;
          return encrypt_slots(model, secret, slots_of(model, k % plan.inputs, of_run, plan.rows_in(run)));
        });
  }
  const double encrypted = clock.lap();
  FileHeader expected = header;
  expected.kind = FileKind::kRequest;
  NewFile file(instance.expected(), Access::kOwner);
  write_header(file, expected);
  file.commit();
  say("client", "load %.1f ms, encrypt and write %zu ciphertexts %.1f ms", loaded, plan.runs() * plan.inputs,
      encrypted);
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::encrypt); }
