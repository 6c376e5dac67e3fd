// SPDX-License-Identifier: Apache-2.0
#include "ciphertexts.h"

#include <string>

#include "serial/object_codec.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet::suite {
namespace {

fs::path path_of(const fs::path& folder, std::size_t file) {
  return folder / ("runs_" + std::to_string(file) + ".bin");
}

}  // namespace

void write_ciphertexts(const fs::path& folder, std::size_t file, FileHeader header, const Context& context,
                       std::size_t count, const std::function<Ciphertext(std::size_t)>& make) {
  const Ciphertext first = make(0);
  header.items = count;
  header.item_size = ciphertext_size(context, first);
  header.bytes = header.items * header.item_size;
  Buffer blobs(header.bytes / sizeof(u64) + 1);
  u8* const bytes = reinterpret_cast<u8*>(blobs.data());
  pool().parallel_for(count, [&](std::size_t k) {
    u8* const at = bytes + k * header.item_size;
    if (k == 0) {
      store_ciphertext(context, first, at, header.item_size);
    } else {
      store_ciphertext(context, make(k), at, header.item_size);
    }
  });
  NewFile out(path_of(folder, file), Access::kAll);
  write_header(out, header);
  out.write(bytes, header.bytes);
  out.commit();
}

std::vector<Ciphertext> read_ciphertexts(const fs::path& folder, std::size_t file, FileKind kind,
                                         const ClientModel& model, std::size_t count, FileHeader& header) {
  const fs::path path = path_of(folder, file);
  const MappedFile mapped(path);
  mapped.map_pages();
  header = read_header(mapped, path, kind, model.id);
  if (header.items != count || header.item_size == 0 || header.bytes / header.item_size != count ||
      header.bytes % header.item_size != 0) {
    fail(Code::kMalformed, "%s: %llu ciphertexts of %llu bytes in %llu, %zu are expected", path.c_str(),
         static_cast<unsigned long long>(header.items), static_cast<unsigned long long>(header.item_size),
         static_cast<unsigned long long>(header.bytes), count);
  }
  std::vector<Ciphertext> ciphertexts(count);
  pool().parallel_for(count, [&](std::size_t k) {
    try {
      ciphertexts[k] =
          load_ciphertext(*model.context, mapped.data() + kHeaderBytes + k * header.item_size, header.item_size);
    } catch (Error& error) {
      error.text = path.string() + ", number " + std::to_string(k) + ": " + error.text;
      throw;
    }
  });
  return ciphertexts;
}

void check_type(const Ciphertext& ciphertext, int level, const Scale& scale, const std::string& what) {
  if (ciphertext.encoding != Encoding::kSlots || ciphertext.level != level || ciphertext.size() != 2 ||
      ciphertext.scale != scale) {
    fail(Code::kMalformed,
         "%s: a ciphertext of level %d and %d components is not what the model's signature says (level %d, 2)",
         what.c_str(), ciphertext.level, ciphertext.size(), level);
  }
}

}  // namespace tacet::suite
