// SPDX-License-Identifier: Apache-2.0
#pragma once
// The ciphertexts that travel: files of a few runs each, every run with as many ciphertexts as the program takes or
// gives.

#include <functional>

#include "bundle.h"
#include "rlwe/ciphertext.h"

namespace tacet::suite {

/// Writes file number `file` of `folder` with `count` ciphertexts of one size, which `make` gives by number, in any
/// order, from many threads: only their packed form is kept.
void write_ciphertexts(const fs::path& folder, std::size_t file, FileHeader header, const Context& context,
                       std::size_t count, const std::function<Ciphertext(std::size_t)>& make);

/// Reads file number `file` of `folder`, `count` ciphertexts, in parallel. `header` receives what the file declares.
std::vector<Ciphertext> read_ciphertexts(const fs::path& folder, std::size_t file, FileKind kind,
                                         const ClientModel& model, std::size_t count, FileHeader& header);

/// Checks level, scale and components of a ciphertext against what the signature says.
void check_type(const Ciphertext& ciphertext, int level, const Scale& scale, const std::string& what);

}  // namespace tacet::suite
