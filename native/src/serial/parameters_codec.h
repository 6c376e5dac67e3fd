// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "ckks/parameters.h"
#include "serial/blob.h"

namespace tacet {

/// Reads a PARAMETERS blob. Only the form is checked here; Context::create() proves primes and security. The hash is
/// taken from the header: the caller has compared it with the SHA-256 of the body.
ParameterSpec load_parameters(const u8* data, std::size_t size);

/// The PARAMETERS blob of `spec`, with spec.hash in the header.
std::vector<u8> store_parameters(const ParameterSpec& spec);

}  // namespace tacet
