// SPDX-License-Identifier: Apache-2.0
// CIPHERTEXT bodies: what reads well is written back to the same bytes.

#include "fuzz_support.h"
#include "serial/object_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacet;
  for (const auto& context : fuzz::contexts()) {
    const std::vector<u8> bytes = fuzz::wrap(*context, BlobKind::kCiphertext, data, size);
    fuzz::expect_typed_errors([&] {
      const Ciphertext ciphertext = load_ciphertext(*context, bytes.data(), bytes.size());
      std::vector<u8> again(ciphertext_size(*context, ciphertext));
      store_ciphertext(*context, ciphertext, again.data(), again.size());
      if (again != bytes) fuzz::broken("a ciphertext read and written differs");
    });
  }
  return 0;
}
