// SPDX-License-Identifier: Apache-2.0
// PARAMETERS bodies: what reads well is written back to the same bytes.

#include "fuzz_support.h"
#include "serial/parameters_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacet;
  const std::vector<u8> bytes = fuzz::wrap(*fuzz::contexts()[0], BlobKind::kParameters, data, size);
  fuzz::expect_typed_errors([&] {
    const ParameterSpec spec = load_parameters(bytes.data(), bytes.size());
    if (store_parameters(spec) != bytes) fuzz::broken("parameters read and written differ");
    if (spec.log_n > 6) return;
    try {
      Context::create(spec);
    } catch (const Error& error) {
      if (error.code != Code::kInvalidArgument && error.code != Code::kUnsupported) fuzz::broken(error.text.c_str());
    }
  });
  return 0;
}
