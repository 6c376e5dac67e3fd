// SPDX-License-Identifier: Apache-2.0
#include "files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "util/error.h"

namespace tacet::suite {
namespace {

constexpr std::size_t kHugePage = std::size_t{2} << 20;  // x86-64; elsewhere as good as any

}  // namespace

MappedFile::MappedFile(const fs::path& path) {
  const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) {
    fail(Code::kMalformed, "cannot open %s: %s", path.c_str(), std::strerror(errno));
  }
  struct stat status;
  if (fstat(file, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size == 0) {
    close(file);
    fail(Code::kMalformed, "%s is empty or not a file", path.c_str());
  }
  size_ = static_cast<std::size_t>(status.st_size);
  void* mapped = mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, file, 0);
  const int reason = errno;
  close(file);
  if (mapped == MAP_FAILED) {
    fail(Code::kOutOfMemory, "cannot map the %zu bytes of %s: %s", size_, path.c_str(), std::strerror(reason));
  }
  data_ = static_cast<const u8*>(mapped);
}

void MappedFile::map_pages() const {
#ifdef MADV_POPULATE_READ
  madvise(const_cast<u8*>(data_), size_, MADV_POPULATE_READ);  // a system that cannot maps them as they are read
#endif
}

MappedFile::~MappedFile() { munmap(const_cast<u8*>(data_), size_); }

NewFile::NewFile(fs::path path, Access access) : path_(std::move(path)), temporary_(path_) {
  temporary_ += ".part";
  fs::create_directories(path_.parent_path());
  if (access == Access::kOwner) {
    fs::permissions(path_.parent_path(), fs::perms::owner_all);
  }
  unlink(temporary_.c_str());
  file_ = open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, access == Access::kOwner ? 0600 : 0644);
  if (file_ < 0) {
    fail(Code::kInvalidArgument, "cannot write %s: %s", temporary_.c_str(), std::strerror(errno));
  }
}

NewFile::~NewFile() {
  if (file_ < 0) {
    return;
  }
  close(file_);
  unlink(temporary_.c_str());
}

void NewFile::write(const void* data, std::size_t bytes) {
  const u8* from = static_cast<const u8*>(data);
  while (bytes > 0) {
    const std::size_t part = huge_pages_ ? std::min(bytes, kHugePage - written_ % kHugePage) : bytes;
    if (!huge_pages_ || part == kHugePage) {
      put(from, part);
    } else {
      gathered_.insert(gathered_.end(), from, from + part);
    }
    written_ += part;
    from += part;
    bytes -= part;
    if (huge_pages_ && written_ % kHugePage == 0) {
      put(gathered_.data(), gathered_.size());
      gathered_.clear();
    }
  }
}

void NewFile::put(const u8* from, std::size_t bytes) {
  while (bytes > 0) {
    const ssize_t done = ::write(file_, from, bytes);
    if (done < 0 && errno == EINTR) {
      continue;
    }
    if (done <= 0) {
      fail(Code::kInvalidArgument, "cannot write %s: %s", temporary_.c_str(), std::strerror(errno));
    }
    from += done;
    bytes -= static_cast<std::size_t>(done);
  }
}

void NewFile::pad_to(std::size_t alignment) {
  static const u8 zeros[4096] = {};
  while (written_ % alignment != 0) {
    write(zeros, std::min(sizeof zeros, alignment - written_ % alignment));
  }
}

void NewFile::commit() {
  put(gathered_.data(), gathered_.size());
  const bool closed = close(file_) == 0;
  file_ = -1;
  if (!closed || rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int reason = errno;
    unlink(temporary_.c_str());
    fail(Code::kInvalidArgument, "cannot write %s: %s", path_.c_str(), std::strerror(reason));
  }
}

void remove_old(const fs::path& path) { fs::remove_all(path); }

bool Tag::operator==(const Tag& other) const { return std::memcmp(bytes, other.bytes, sizeof bytes) == 0; }

Tag random_tag() {
  Tag tag;
  random_bytes(tag.bytes, sizeof tag.bytes);
  return tag;
}

void random_bytes(void* out, std::size_t bytes) {
  u8* at = static_cast<u8*>(out);
  while (bytes > 0) {
    const ssize_t got = getrandom(at, bytes, 0);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got <= 0) {
      fail(Code::kInternal, "the system's random generator failed: %s", std::strerror(errno));
    }
    at += got;
    bytes -= static_cast<std::size_t>(got);
  }
}

}  // namespace tacet::suite
