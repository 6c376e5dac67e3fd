// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

namespace tacet::suite {
namespace {

void generate(const Instance& instance) {
  remove_old(instance.io() / "public_keys");
  remove_old(instance.secret_key());
  Clock clock;
  const ClientModel model = load_client_model(instance);
  const Tag tag = random_tag();
  const SecretKey secret = make_secret_key(*model.context);
  const double made = clock.lap();
  const std::size_t bytes = write_evaluation_keys(instance, model, secret, tag);
  store_secret_key(instance, model, secret, tag);
  say("client", "secret key %.1f ms, %zu evaluation keys of %.1f MB in all %.1f ms", made, model.signature.keys.size(),
      static_cast<double>(bytes) / 1e6, clock.lap());
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::generate); }
