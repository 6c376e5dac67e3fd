// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "ciphertexts.h"
#include "prepared.h"
#include "runs.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

void compute(const Instance& instance) {
  remove_old(instance.download());
  Clock clock;
  const Prepared prepared(instance);
  const ClientModel& model = prepared.model();
  const double loaded = clock.lap();
  const RunPlan plan = plan_runs(model, instance.rows);
  double read = 0, computed = 0, least = 0, written = 0;
  for (std::size_t file = 0; file < plan.files(); ++file) {
    const std::size_t runs = plan.runs_in(file);
    FileHeader header;
    const std::vector<Ciphertext> inputs =
        read_ciphertexts(instance.upload(), file, FileKind::kUpload, model, runs * plan.inputs, header);
    if (header.keys != prepared.tag()) {
      fail(Code::kMalformed, "the request is for another set of keys than the one that was prepared");
    }
    for (const Ciphertext& input : inputs) {
      check_type(input, model.input().level, model.input().scale, "input " + model.input().name);
    }
    read += clock.lap();
    std::vector<Ciphertext> outputs;
    for (std::size_t run = 0; run < runs; ++run) {
      std::vector<const Ciphertext*> of_run;
      for (std::size_t k = 0; k < plan.inputs; ++k) {
        of_run.push_back(&inputs[run * plan.inputs + k]);
      }
      const RunResult result = prepared.program().run(prepared.keys(), of_run, nullptr);
      for (const auto& output : result.outputs) {
        outputs.push_back(*output);
      }
      const double one = clock.lap();
      least = computed == 0 ? one : std::min(least, one);
      computed += one;
    }
    header.kind = FileKind::kDownload;
    write_ciphertexts(instance.download(), file, header, *model.context, outputs.size(),
                      [&](std::size_t k) { return outputs[k]; });
    written += clock.lap();
  }
  say("server", "load %.1f ms (%.1f MB), read %.1f ms, compute %.1f ms (%zu runs, least %.2f), write %.1f ms", loaded,
      static_cast<double>(prepared.bytes()) / 1e6, read, computed, plan.runs(), least, written);
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::compute); }
