// SPDX-License-Identifier: Apache-2.0
#pragma once
// The ciphertexts that travel: files of up to kRowsPerFile rows, each row with as many ciphertexts as the program takes or gives.

#include "bundle.h"
#include "rlwe/ciphertext.h"

namespace tacet::suite {

/// Rows of one file: what a stage holds in memory at once.
inline constexpr std::size_t kRowsPerFile = 64;

/// Writes the ciphertexts of one file, `names`: rows 64 k to 64 k + 63. All must have one size.
void write_ciphertexts(const fs::path& folder, std::size_t file, FileHeader header, const Context& context,
                       const std::vector<Ciphertext>& ciphertexts);

/// Reads file number `file` of `folder`, `count` ciphertexts, in parallel. `header` receives what the file declares.
std::vector<Ciphertext> read_ciphertexts(const fs::path& folder, std::size_t file, FileKind kind, const ClientModel& model,
                                         std::size_t count, FileHeader& header);

/// Checks level, scale and components of a ciphertext against what the signature says.
void check_type(const Ciphertext& ciphertext, int level, const Scale& scale, const std::string& what);

}  // namespace tacet::suite
