// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <vector>

#include "ckks/context.h"
#include "serial/blob.h"
#include "util/error.h"

namespace tacet::fuzz {

/// A tiny ring of each type: degree 16, three chain primes, digits of two with two special primes.
const std::vector<std::shared_ptr<const Context>>& contexts();

/// The input as the body of a blob with a right header and checksum, so that mutations reach what lies behind them.
std::vector<u8> wrap(const Context& context, BlobKind kind, const u8* body, std::size_t size);

[[noreturn]] inline void broken(const char* what) {
  std::fprintf(stderr, "property broken: %s\n", what);
  std::abort();
}

/// Runs a reader: Error with kMalformed or kUnsupported is what hostile bytes may raise; anything else is a finding.
template <class Body>
void expect_typed_errors(const Body& body) {
  try {
    body();
  } catch (const Error& error) {
    if (error.code != Code::kMalformed && error.code != Code::kUnsupported) broken(error.text.c_str());
    if (error.text.empty()) broken("an error without a text");
  }
}

}  // namespace tacet::fuzz
