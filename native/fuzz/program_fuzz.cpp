// SPDX-License-Identifier: Apache-2.0
// PROGRAM bodies through reader and checker; a program that passes both has its constants encoded.

#include "fuzz_support.h"
#include "program/checker.h"
#include "program/executor.h"
#include "serial/program_codec.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tacet;
  const std::vector<u8> bytes = fuzz::wrap(BlobKind::kProgram, data, size);
  fuzz::expect_typed_errors([&] {
    Program program = load_program(*fuzz::context(), bytes.data(), bytes.size());
    check_program(*fuzz::context(), program);
    required_keys(*fuzz::context(), program);
    ExecutableProgram::create(fuzz::context(), std::move(program));
  });
  return 0;
}
