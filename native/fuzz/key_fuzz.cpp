// SPDX-License-Identifier: Apache-2.0
// EVALUATION_KEY and PUBLIC_KEY bodies: what reads well is written back to the same bytes, and expands.

#include "fuzz_support.h"
#include "serial/object_codec.h"

namespace {

using namespace tacet;

void read_keys(const Context& context, const std::uint8_t* data, std::size_t size) {
  const std::vector<u8> evaluation = fuzz::wrap(context, BlobKind::kEvaluationKey, data, size);
  fuzz::expect_typed_errors([&] {
    SeededEvaluationKey key = load_evaluation_key(context, evaluation.data(), evaluation.size());
    std::vector<u8> again(evaluation_key_size(context, key.level));
    store_evaluation_key(context, key, again.data(), again.size());
    if (again != evaluation) fuzz::broken("an evaluation key read and written differs");
    expand(context.ring(), std::move(key));
  });
  const std::vector<u8> open = fuzz::wrap(context, BlobKind::kPublicKey, data, size);
  fuzz::expect_typed_errors([&] {
    const PublicKey key = load_public_key(context, open.data(), open.size());
    std::vector<u8> again(public_key_size(context));
    store_public_key(context, key, again.data(), again.size());
    if (again != open) fuzz::broken("a public key read and written differs");
  });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  for (const auto& context : fuzz::contexts()) read_keys(*context, data, size);
  return 0;
}
