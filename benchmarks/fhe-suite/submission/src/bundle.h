// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files of the workload: headers that say to which model, key set and request a file belongs, and checked bodies.

#include "model.h"

namespace tacet::suite {

/// What a file holds; the numbers stand in the files.
enum class FileKind : u32 {
  kEvaluationKeys = 1,
  kFeatures = 2,
  kRequest = 3,
  kUpload = 4,
  kDownload = 5,
  kScores = 6,
  kPrepared = 8
};  // 7: keys and diagonals in an older order

/// The first bytes of every file but the secret key's, which is a blob.
struct FileHeader {
  FileKind kind = FileKind::kFeatures;
  u32 model = 0;      ///< ClientModel::id
  Tag keys;           ///< drawn for each set of keys; zeros where no key is involved
  Tag request;        ///< drawn for each request; zeros where none is
  u64 items = 0;      ///< keys, rows or ciphertexts
  u64 item_size = 0;  ///< bytes of each, or numbers of a row
  u64 bytes = 0;      ///< of the body
};

inline constexpr std::size_t kHeaderBytes = 128;

/// Writes the header's bytes with their own checksum.
void write_header(NewFile& file, const FileHeader& header);

/// Reads and checks the header: magic, version, checksum, kind, model, and that the body has just the bytes that it
/// says. Errors are Code::kMalformed with the path.
FileHeader read_header(const MappedFile& file, const fs::path& path, FileKind kind, u32 model);
/// The same, of whatever model.
FileHeader read_header(const MappedFile& file, const fs::path& path, FileKind kind);
/// Throws Error(kMalformed) with the path unless the header is that of a file of this model.
void check_model(const FileHeader& header, const fs::path& path, u32 model);

/// Doubles of the client, with a checksum behind them: `items` rows of `item_size` numbers.
void write_numbers(const fs::path& path, FileHeader header, const std::vector<double>& numbers);
std::vector<double> read_numbers(const fs::path& path, FileKind kind, u32 model, std::size_t rows, std::size_t row_size,
                                 FileHeader* header = nullptr);

}  // namespace tacet::suite
