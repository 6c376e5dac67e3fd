// SPDX-License-Identifier: Apache-2.0
#include "prepared.h"

#include <cstring>
#include <future>

#include "ring/automorphism.h"
#include "serial/crc32c.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet::suite {
namespace {

constexpr std::size_t kAlignment = 4096;  // of every part, so that it starts on a page

/// A part of the file: a key (`level` 0 or more) or the diagonals of a linear transform (kResidues, kIntegers).
struct Part {
  u64 offset;
  u64 words;
  u32 galois;
  std::int32_t level;
};
static_assert(sizeof(Part) == 24, "a part is written as it lies in memory");

constexpr int kResidues = -1, kIntegers = -2;  // levels of diagonals

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

void write_prepared(const Instance& instance, const ClientModel& model, const Tag& tag,
                    const std::vector<EvaluationKey>& keys, const ExecutableProgram& program) {
  const std::vector<DiagonalWords> diagonals = program.encoded_diagonals();
  std::vector<Part> parts;
  std::vector<const u64*> words;
  std::size_t at = aligned(kHeaderBytes + (keys.size() + diagonals.size()) * sizeof(Part) + sizeof(u32));
  const auto add = [&](const u64* data, std::size_t size, u32 galois, int level) {
    parts.push_back({at, size, galois, level});
    words.push_back(data);
    at = aligned(at + size * sizeof(u64));
  };
  for (const EvaluationKey& key : keys) {
    add(key.words.data(), key.words.size(), key.galois, key.level);
  }
  for (const DiagonalWords& each : diagonals) {
    add(each.data, each.size, 0, each.form == DiagonalForm::kResidues ? kResidues : kIntegers);
  }

  FileHeader header;
  header.kind = FileKind::kPrepared;
  header.model = model.id;
  header.keys = tag;
  header.items = parts.size();
  header.item_size = diagonals.size();
  header.bytes = at - kHeaderBytes;
  NewFile file(instance.prepared(), Access::kOwner);
  write_header(file, header);
  file.write(parts.data(), parts.size() * sizeof(Part));
  const u32 checksum = crc32c(reinterpret_cast<const u8*>(parts.data()), parts.size() * sizeof(Part));
  file.write(&checksum, sizeof checksum);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    file.pad_to(kAlignment);
    file.write(words[k], parts[k].words * sizeof(u64));
  }
  file.pad_to(kAlignment);
  file.commit();
}

Prepared::Prepared(const Instance& instance)
    : file_(instance.prepared()), keys_(std::make_shared<EvaluationKeySet>()) {
  const std::future<void> pages = std::async(std::launch::async, [this] { file_.map_pages(); });  // ends before this does
  ServerModel model = load_server_model(instance);
  model_ = std::move(model.client);
  const Ring& ring = model_.context->ring();
  const fs::path path = instance.prepared();
  const FileHeader header = read_header(file_, path, FileKind::kPrepared, model_.id);
  const std::vector<KeyRequirement>& wanted = model_.signature.keys;
  const std::size_t table = header.items * sizeof(Part);
  if (header.items > 4096 || header.items != wanted.size() + header.item_size || header.bytes < table + sizeof(u32)) {
    fail(Code::kMalformed, "%s: %llu parts, the model has %zu keys", path.c_str(),
         static_cast<unsigned long long>(header.items), wanted.size());
  }
  std::vector<Part> parts(header.items);
  std::memcpy(parts.data(), file_.data() + kHeaderBytes, table);
  u32 checksum;
  std::memcpy(&checksum, file_.data() + kHeaderBytes + table, sizeof checksum);
  if (checksum != crc32c(reinterpret_cast<const u8*>(parts.data()), table)) {
    fail(Code::kMalformed, "%s: the checksum does not fit the table of parts", path.c_str());
  }
  tag_ = header.keys;
  std::vector<DiagonalWords> diagonals;
  std::vector<EvaluationKey> keys;
  for (std::size_t k = 0; k < parts.size(); ++k) {
    const Part& part = parts[k];
    if (part.offset % kAlignment != 0 || part.offset > file_.size() ||
        part.words > (file_.size() - part.offset) / sizeof(u64)) {
      fail(Code::kMalformed, "%s: part %zu lies outside the file", path.c_str(), k);
    }
    const u64* words = reinterpret_cast<const u64*>(file_.data() + part.offset);
    if (k >= wanted.size()) {
      if (part.level != kResidues && part.level != kIntegers) {
        fail(Code::kMalformed, "%s: part %zu has level %d, which is none of diagonals", path.c_str(), k, part.level);
      }
      diagonals.push_back({words, part.words, part.level == kResidues ? DiagonalForm::kResidues : DiagonalForm::kIntegers});
      continue;
    }
    EvaluationKey key(ring, wanted[k].galois, wanted[k].level);
    const std::size_t size = key.limb_at.back();
    if (part.galois != key.galois || part.level != key.level || part.words != size) {
      fail(Code::kMalformed, "%s: part %zu is not the key of Galois element %u at level %d", path.c_str(), k,
           key.galois, key.level);
    }
    key.words = Buffer::borrow(words, size);
    keys.push_back(std::move(key));
  }
  pool().parallel_for(keys.size(), [&](std::size_t k) {
    if (keys[k].galois != 0) {
      keys[k].permutation = automorphism_permutation(ring, keys[k].galois);
    }
  });
  for (EvaluationKey& key : keys) {
    keys_->add(std::make_shared<EvaluationKey>(std::move(key)));
  }
  program_ = ExecutableProgram::create(model_.context, std::move(model.program), diagonals);
  file_.map_pages();
}

}  // namespace tacet::suite
