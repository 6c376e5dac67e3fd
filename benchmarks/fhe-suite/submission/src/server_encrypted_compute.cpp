// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ciphertexts.h"
#include "prepared.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

void compute(const Instance& instance) {
  remove_old(instance.download());
  Clock clock;
  const Prepared prepared(instance);
  const ClientModel& model = prepared.model();
  const double loaded = clock.lap();
  double read = 0, computed = 0, least = 0, written = 0;
  for (std::size_t first = 0; first < instance.rows; first += kRowsPerFile) {
    const std::size_t rows = std::min(kRowsPerFile, instance.rows - first), file = first / kRowsPerFile;
    FileHeader header;
    const std::vector<Ciphertext> inputs = read_ciphertexts(instance.upload(), file, FileKind::kUpload, model, rows, header);
    if (header.keys != prepared.tag()) {
      fail(Code::kMalformed, "the request is for another set of keys than the one that was prepared");
    }
    for (const Ciphertext& input : inputs) check_type(input, model.input().level, model.input().scale, "input " + model.input().name);
    read += clock.lap();
    std::vector<Ciphertext> outputs;
    for (const Ciphertext& input : inputs) {
      const RunResult result = prepared.program().run(prepared.keys(), {&input}, nullptr);
      for (const auto& output : result.outputs) outputs.push_back(*output);
      const double one = clock.lap();
      least = computed == 0 ? one : std::min(least, one);
      computed += one;
    }
    header.kind = FileKind::kDownload;
    write_ciphertexts(instance.download(), file, header, *model.context, outputs);
    written += clock.lap();
  }
  say("server", "load %.1f ms (%.1f MB), read %.1f ms, compute %.1f ms (%.2f ms a row, least %.2f), write %.1f ms", loaded,
      static_cast<double>(prepared.bytes()) / 1e6, read, computed, computed / static_cast<double>(instance.rows), least, written);
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::compute); }
