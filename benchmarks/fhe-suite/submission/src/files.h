// SPDX-License-Identifier: Apache-2.0
#pragma once
// Files of the stages: read whole, written whole or not at all.

#include <cstddef>
#include <vector>

#include "stage.h"
#include "util/types.h"

namespace tacet::suite {

/// A file in memory, read-only. Throws Error(kMalformed) with the path and the reason.
class MappedFile {
 public:
  explicit MappedFile(const fs::path& path);
  ~MappedFile();
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  const u8* data() const { return data_; }
  std::size_t size() const { return size_; }

  /// Maps the pages of a file that is read at once; else they are mapped when they are read, a few at a time.
  void map_pages() const;

 private:
  const u8* data_ = nullptr;
  std::size_t size_ = 0;
};

/// Who may read a file: its owner alone, or everybody.
enum class Access { kOwner, kAll };

/// Writes a file beside its place and renames it once it is whole; makes the folder.
class NewFile {
 public:
  NewFile(fs::path path, Access access);
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  /// From here on bytes are gathered and written a huge page of the file at a time: a system that keeps files in such maps each in one
  /// step, and forgets it in one. Not for secrets, since what is gathered is not wiped.
  void write_huge_pages() { huge_pages_ = true; }
  void write(const void* data, std::size_t bytes);
  /// Zeros up to the next multiple of `alignment`.
  void pad_to(std::size_t alignment);
  std::size_t written() const { return written_; }
  /// Puts the file in its place. Without it nothing is left.
  void commit();

 private:
  void put(const u8* data, std::size_t bytes);

  fs::path path_;
  fs::path temporary_;
  int file_ = -1;
  std::size_t written_ = 0;
  bool huge_pages_ = false;
  std::vector<u8> gathered_;  ///< the last bytes of written_, which are not in the file yet
};

/// Removes what an earlier run left at `path`, a file or a folder with what is in it.
void remove_old(const fs::path& path);

/// 16 bytes of no meaning but to be one of a kind.
struct Tag {
  u8 bytes[16] = {};
  bool operator==(const Tag& other) const;
  bool operator!=(const Tag& other) const { return !(*this == other); }
};

Tag random_tag();

/// Fills with bytes of the system's generator.
void random_bytes(void* out, std::size_t bytes);

}  // namespace tacet::suite
