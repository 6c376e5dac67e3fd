// SPDX-License-Identifier: Apache-2.0
// EVALUATION_KEY and PUBLIC_KEY bodies: what reads well is written back to the same bytes, and expands.

#include "fuzz_support.h"
#include "serial/object_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacet;
  const Context& context = *fuzz::context();
  const std::vector<u8> evaluation = fuzz::wrap(BlobKind::kEvaluationKey, data, size);
  fuzz::expect_typed_errors([&] {
    SeededEvaluationKey key = load_evaluation_key(context, evaluation.data(), evaluation.size());
    std::vector<u8> again(evaluation_key_size(context, key.level));
    store_evaluation_key(context, key, again.data(), again.size());
    if (again != evaluation) fuzz::broken("an evaluation key read and written differs");
    expand(context.ring(), std::move(key));
  });
  const std::vector<u8> open = fuzz::wrap(BlobKind::kPublicKey, data, size);
  fuzz::expect_typed_errors([&] {
    const PublicKey key = load_public_key(context, open.data(), open.size());
    std::vector<u8> again(public_key_size(context));
    store_public_key(context, key, again.data(), again.size());
    if (again != open) fuzz::broken("a public key read and written differs");
  });
  return 0;
}
