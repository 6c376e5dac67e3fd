// SPDX-License-Identifier: Apache-2.0
// Raw bytes as a blob of any kind: header, length, checksum.

#include "fuzz_support.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacet;
  for (const BlobKind kind : {BlobKind::kParameters, BlobKind::kCiphertext, BlobKind::kProgram}) {
    fuzz::expect_typed_errors([&] {
      const BlobView view = open_blob(data, size, kind, nullptr);
      if (view.body < data || view.body + view.body_size + kBlobTrailerSize != data + size) fuzz::broken("body out of range");
    });
  }
  return 0;
}
