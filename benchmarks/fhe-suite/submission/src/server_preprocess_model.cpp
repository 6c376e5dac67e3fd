// SPDX-License-Identifier: Apache-2.0
#include "keys.h"
#include "prepared.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

void prepare(const Instance& instance) {
  Clock clock;
  ServerModel model = load_server_model(instance);
  Tag tag;
  const std::vector<EvaluationKey> keys = load_evaluation_keys(instance, model.client, tag);
  const double loaded = clock.lap();
  const auto program = ExecutableProgram::create(model.client.context, std::move(model.program));
  const double encoded = clock.lap();
  // A run on a batch takes more than could be had ready while the rest is loaded.
  const Blocks blocks = instance.rows < kBatchRows ? blocks_of_a_run(*program, keys) : Blocks();
  const double run = clock.lap();
  write_prepared(instance, model.client, tag, keys, *program, blocks);
  say("server", "%s: expand %zu keys %.1f ms, encode constants %.1f ms, run once %.1f ms, write %.1f ms", instance.name,
      keys.size(), loaded, encoded, run, clock.lap());
}

/// The harness names no instance: every one whose keys are there and are newer than what was made of them is prepared.
void prepare_all() {
  int found = 0;
  for (int size = 0; size < 4; ++size) {
    const Instance instance = instance_of(size);
    if (!fs::exists(instance.evaluation_keys())) {
      continue;
    }
    ++found;
    const bool fresh = fs::exists(instance.prepared()) &&
                       fs::last_write_time(instance.prepared()) >= fs::last_write_time(instance.evaluation_keys());
    if (fresh) {
      continue;
    }
    remove_old(instance.prepared());
    prepare(instance);
  }
  if (found == 0) {
    fail(Code::kInvalidArgument, "no evaluation keys in io/*/public_keys: run client_key_generation first");
  }
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage_without_size(argc, argv, tacet::suite::prepare_all); }
