// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "answer.h"
#include "ckks/encoder.h"
#include "ciphertexts.h"
#include "keys.h"
#include "rlwe/encryption.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet::suite {
namespace {

/// Decrypts the outputs of one row, checks them and writes the values of all to `out`.
void decrypt_row(const ClientModel& model, const SecretKey& secret, const Ciphertext* outputs, double* out) {
  const Context& context = *model.context;
  const Encoder encoder(model.context);
  const std::size_t slots = context.slots();
  std::vector<double> real(slots), imaginary(slots);
  for (const SignatureOutput& output : model.signature.outputs) {
    const Ciphertext& ciphertext = outputs[output.program_output];
    check_type(ciphertext, output.level, output.scale, "output " + output.name);
    DecodeStats stats;
    encoder.decode(decrypt(context.ring(), secret, ciphertext), real.data(), imaginary.data(), &stats);
    const double fraction = std::exp2(stats.max_coefficient_log2 + 3 - std::log2(static_cast<double>(context.spec().q[0])));
    for (const double value : unpack(output, real, context.real_slots() ? nullptr : &imaginary, fraction)) *out++ = value;
  }
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
  if (keys != expected.keys) fail(Code::kMalformed, "the request was encrypted under another key than the one that is here");
  const std::size_t outputs = model.signature.outputs.size(), values = value_count(model.signature);
  std::vector<double> scores(instance.rows * values);
  for (std::size_t first = 0; first < instance.rows; first += kRowsPerFile) {
    const std::size_t rows = std::min(kRowsPerFile, instance.rows - first);
    FileHeader header;
    const std::vector<Ciphertext> answers =
        read_ciphertexts(instance.download(), first / kRowsPerFile, FileKind::kDownload, model, rows * outputs, header);
    if (header.request != expected.request) fail(Code::kMalformed, "the answer belongs to another request; no label is written");
    pool().parallel_for(rows, [&](std::size_t k) {
      decrypt_row(model, secret, answers.data() + k * outputs, scores.data() + (first + k) * values);
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
