// SPDX-License-Identifier: Apache-2.0
#include <cmath>

#include "answer.h"
#include "ckks/encoder.h"
#include "ciphertexts.h"
#include "keys.h"
#include "rlwe/encryption.h"
#include "runs.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet::suite {
namespace {

Decrypted decrypt_slots(const ClientModel& model, const SecretKey& secret, const Ciphertext& ciphertext) {
  const Context& context = *model.context;
  Decrypted decrypted;
  decrypted.real.resize(context.slots());
  decrypted.imaginary.resize(context.real_slots() ? 0 : context.slots());
  DecodeStats stats;
  Encoder(model.context)
      .decode(decrypt(context.ring(), secret, ciphertext), decrypted.real.data(),
              context.real_slots() ? nullptr : decrypted.imaginary.data(), &stats);
  decrypted.fraction = std::exp2(stats.max_coefficient_log2 + 3 - std::log2(static_cast<double>(context.spec().q[0])));
  return decrypted;
}

void decrypt_answers(const Instance& instance) {
  remove_old(instance.predictions());
  remove_old(instance.scores());
  Clock clock;
  const ClientModel model = load_client_model(instance);
  const MappedFile request(instance.expected());
  const FileHeader expected = read_header(request, instance.expected(), FileKind::kRequest, model.id);
  Tag keys;
  const SecretKey secret = load_secret_key(instance, model, keys);
  if (keys != expected.keys) {
    fail(Code::kMalformed, "the request was encrypted under another key than the one that is here");
  }
  const Signature& signature = model.signature;
  const RunPlan plan = plan_runs(model, instance.rows);
  const std::vector<OutputPlace> places = output_places(signature);
  const std::size_t values = value_count(signature);
  std::vector<double> scores(instance.rows * values);
  for (std::size_t file = 0; file < plan.files(); ++file) {
    const std::size_t count = plan.runs_in(file) * plan.outputs;
    FileHeader header;
    const std::vector<Ciphertext> answers =
        read_ciphertexts(instance.download(), file, FileKind::kDownload, model, count, header);
    if (header.request != expected.request) {
      fail(Code::kMalformed, "the answer belongs to another request; no label is written");
    }
    pool().parallel_for(count, [&](std::size_t k) {
      const std::size_t run = plan.first_run(file) + k / plan.outputs;
      const OutputPlace& place = places[k % plan.outputs];
      const SignatureOutput& output = *place.output;
      check_type(answers[k], output.level, output.scale, "output " + output.name);
      const Decrypted decrypted = decrypt_slots(model, secret, answers[k]);
      double* to = scores.data() + plan.first_row(run) * values + place.value;
      if (signature.packing == Packing::kLatency) {
        unpack(signature, output, decrypted, to);
      } else {
        unpack_element(signature, output, place.element, decrypted, plan.rows_in(run), to, values);
      }
    });
  }
  FileHeader header = expected;
  header.kind = FileKind::kScores;
  header.items = instance.rows;
  header.item_size = values;
  write_numbers(instance.scores(), header, scores);
  say("client", "decrypt and check %.1f ms", clock.lap());
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::decrypt_answers); }
