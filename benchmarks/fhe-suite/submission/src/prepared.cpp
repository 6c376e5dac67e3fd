// SPDX-License-Identifier: Apache-2.0
#include "prepared.h"

#include <algorithm>
#include <cstring>

#include "kernels/kernels.h"
#include "ring/automorphism.h"
#include "serial/crc32c.h"
#include "util/buffer.h"
#include "util/error.h"
#include "util/slabs.h"
#include "util/thread_pool.h"

namespace tacet::suite {
namespace {

constexpr std::size_t kAlignment = 4096;  // of every part, so that it starts on a page

/// A part of the file: a key (`level` 0 or more), encoded constants of the program, or a table of the ring.
struct Part {
  u64 offset;
  u64 words;
  u32 galois;
  std::int32_t level;

  const u64* in(const MappedFile& file) const { return reinterpret_cast<const u64*>(file.data() + offset); }
};
static_assert(sizeof(Part) == 24, "a part is written as it lies in memory");

constexpr int kResidues = -1, kIntegers = -2, kPlaintext = -3;  // levels of constants: diagonals, plaintexts
constexpr int kTransform = -4;                                   // and of the tables of a transform

/// Blocks of memory of one size.
struct BlockCount {
  u64 bytes;
  u64 count;
};

constexpr std::size_t kMostReady = std::size_t{1} << 30;  // bytes of the blocks that are had ready

std::size_t aligned(std::size_t bytes) { return (bytes + kAlignment - 1) / kAlignment * kAlignment; }

}  // namespace

Blocks blocks_of_a_run(const ExecutableProgram& program, const std::vector<EvaluationKey>& keys) {
  const auto set = std::make_shared<EvaluationKeySet>();
  for (const EvaluationKey& key : keys) {
    set->add({std::shared_ptr<void>(), &key});  // the caller's
  }
  release_cached_buffers();
  const Blocks before = blocks_held();
  {
    std::vector<Ciphertext> inputs;
    for (const Instruction& op : program.program().instructions) {
      for (u32 k = 0; op.opcode == Opcode::kInput && k < op.type.length; ++k) {
        Ciphertext zero;
        zero.encoding = op.type.encoding;
        zero.level = op.type.level;
        zero.scale = op.type.scale;
        for (int c = 0; c < op.type.components; ++c) {
          zero.components.push_back(Poly<Eval>::zero(program.context()->n(), op.type.level + 1));
        }
        inputs.push_back(std::move(zero));
      }
    }
    std::vector<const Ciphertext*> each;
    for (const Ciphertext& input : inputs) {
      each.push_back(&input);
    }
    program.run(set, each, nullptr);
  }
  Blocks blocks = blocks_held();
  for (const auto& [bytes, count] : before) {
    const auto found = blocks.find(bytes);
    if (found != blocks.end() && (found->second -= std::min(found->second, count)) == 0) {
      blocks.erase(found);
    }
  }
  return blocks;
}

void write_prepared(const Instance& instance, const ClientModel& model, const Tag& tag,
                    const std::vector<EvaluationKey>& keys, const ExecutableProgram& program, const Blocks& blocks) {
  const EncodedConstants constants = program.encoded_constants();
  std::vector<BlockCount> ready;
  std::size_t room = kMostReady;
  for (const auto& [bytes, count] : blocks) {
    if (count <= room / bytes) {
      ready.push_back({bytes, count});
      room -= count * bytes;
    }
  }
  std::vector<Part> parts;
  std::vector<const u64*> words;
  const Ring::Tables& tables = model.context->ring().tables();
  const std::size_t count = keys.size() + constants.diagonals.size() + constants.plaintexts.size() + tables.size();
  std::size_t at = aligned(kHeaderBytes + count * sizeof(Part) + ready.size() * sizeof(BlockCount) + sizeof(u32));
  const auto add = [&](const u64* data, std::size_t size, u32 galois, int level) {
    parts.push_back({at, size, galois, level});
    words.push_back(data);
    at = aligned(at + size * sizeof(u64));
  };
  for (const EvaluationKey& key : keys) {
    add(key.words.data(), key.words.size(), key.galois, key.level);
  }
  for (const DiagonalWords& each : constants.diagonals) {
    add(each.data, each.size, 0, each.form == DiagonalForm::kResidues ? kResidues : kIntegers);
  }
  for (const EncodedConstants::Plain& each : constants.plaintexts) {
    add(each.data, each.size, 0, kPlaintext);
  }
  for (const Buffer& each : tables) {
    add(each.data(), each.size(), 0, kTransform);
  }
  std::vector<u8> table(parts.size() * sizeof(Part) + ready.size() * sizeof(BlockCount));
  std::memcpy(table.data(), parts.data(), parts.size() * sizeof(Part));
  if (!ready.empty()) {
    std::memcpy(table.data() + parts.size() * sizeof(Part), ready.data(), ready.size() * sizeof(BlockCount));
  }

  FileHeader header;
  header.kind = FileKind::kPrepared;
  header.model = model.id;
  header.keys = tag;
  header.items = parts.size();
  header.item_size = ready.size();
  header.bytes = at - kHeaderBytes;
  NewFile file(instance.prepared(), Access::kOwner);
  file.write_huge_pages();
  write_header(file, header);
  file.write(table.data(), table.size());
  const u32 checksum = crc32c(table.data(), table.size());
  file.write(&checksum, sizeof checksum);
  for (std::size_t k = 0; k < parts.size(); ++k) {
    file.pad_to(kAlignment);
    file.write(words[k], parts[k].words * sizeof(u64));
  }
  file.pad_to(kAlignment);
  file.commit();
}

/// What stands at the beginning of the file.
struct PreparedTable {
  FileHeader header;
  std::vector<Part> parts;
  std::vector<std::size_t> blocks;  // bytes of each

  Ring::Tables transforms(const MappedFile& file) const {
    Ring::Tables all;
    for (const Part& part : parts) {
      if (part.level == kTransform) {
        all.push_back(Buffer::borrow(part.in(file), part.words));
      }
    }
    return all;
  }
};

namespace {

PreparedTable read_table(const MappedFile& file, const fs::path& path) {
  PreparedTable table;
  table.header = read_header(file, path, FileKind::kPrepared);
  const u64 parts = table.header.items, sizes = table.header.item_size;
  if (parts > 4096 || sizes > 4096 || table.header.bytes < parts * sizeof(Part) + sizes * sizeof(BlockCount) + sizeof(u32)) {
    fail(Code::kMalformed, "%s: %llu parts and %llu sizes of blocks are no table of it", path.c_str(),
         static_cast<unsigned long long>(parts), static_cast<unsigned long long>(sizes));
  }
  const std::size_t of_parts = parts * sizeof(Part), bytes = of_parts + sizes * sizeof(BlockCount);
  const u8* const at = file.data() + kHeaderBytes;
  u32 checksum;
  std::memcpy(&checksum, at + bytes, sizeof checksum);
  if (checksum != crc32c(at, bytes)) {
    fail(Code::kMalformed, "%s: the checksum does not fit the table of parts", path.c_str());
  }
  table.parts.resize(parts);
  std::memcpy(table.parts.data(), at, of_parts);
  for (u64 k = 0; k < parts; ++k) {
    const Part& part = table.parts[k];
    if (part.offset % kAlignment != 0 || part.offset > file.size() ||
        part.words > (file.size() - part.offset) / sizeof(u64)) {
      fail(Code::kMalformed, "%s: part %llu lies outside the file", path.c_str(), static_cast<unsigned long long>(k));
    }
  }
  std::size_t room = kMostReady;
  for (u64 k = 0; k < sizes; ++k) {
    BlockCount block;
    std::memcpy(&block, at + of_parts + k * sizeof block, sizeof block);
    if (block.bytes < Slabs::kSmallest || block.count > room / block.bytes) {
      fail(Code::kMalformed, "%s: %llu blocks of %llu bytes are none that a run has ready, or too many", path.c_str(),
           static_cast<unsigned long long>(block.count), static_cast<unsigned long long>(block.bytes));
    }
    table.blocks.insert(table.blocks.end(), block.count, block.bytes);
    room -= block.count * block.bytes;
  }
  std::sort(table.blocks.rbegin(), table.blocks.rend());  // threads that share them end together
  return table;
}

}  // namespace

Prepared::Prepared(const Instance& instance)
    : file_(instance.prepared()), keys_(std::make_shared<EvaluationKeySet>()) {
  const PreparedTable table = read_table(file_, instance.prepared());
  // One thread loads, inner loops included, one tests the kernels (the first begins at index 0, another in the middle), and who is done
  // first has blocks ready. What is mapped is fetched by the threads of the computation as they come to it.
  const std::size_t tasks = 2 + table.blocks.size(), middle = tasks / 2;
  pool().parallel_for(tasks, [&](std::size_t k) {
    if (k == 0) {
      load(instance, table);
    } else if (k == middle) {
      kernels();
    } else {
      keep_blocks_ready({{table.blocks[k - (k < middle ? 1 : 2)], 1}});
    }
  });
}

void Prepared::load(const Instance& instance, const PreparedTable& table) {
  const fs::path path = instance.prepared();
  ServerModel model = load_prepared_model(instance, table.transforms(file_));
  model_ = std::move(model.client);
  check_model(table.header, path, model_.id);
  tag_ = table.header.keys;
  const Ring& ring = model_.context->ring();
  const std::vector<KeyRequirement>& wanted = model_.signature.keys;
  if (table.parts.size() < wanted.size()) {
    fail(Code::kMalformed, "%s: %zu parts, the model has %zu keys", path.c_str(), table.parts.size(), wanted.size());
  }
  EncodedConstants constants;
  std::vector<EvaluationKey> keys;
  for (std::size_t k = 0; k < table.parts.size(); ++k) {
    const Part& part = table.parts[k];
    const u64* words = part.in(file_);
    if (k >= wanted.size()) {
      if (part.level == kPlaintext) {
        constants.plaintexts.push_back({words, part.words});
      } else if (part.level == kResidues || part.level == kIntegers) {
        constants.diagonals.push_back({words, part.words, part.level == kResidues ? DiagonalForm::kResidues : DiagonalForm::kIntegers});
      } else if (part.level != kTransform) {
        fail(Code::kMalformed, "%s: part %zu has level %d, which is none of constants", path.c_str(), k, part.level);
      }
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
  for (EvaluationKey& key : keys) {
    if (key.galois != 0) {
      key.permutation = automorphism_permutation(ring, key.galois);
    }
    keys_->add(std::make_shared<EvaluationKey>(std::move(key)));
  }
  program_ = ExecutableProgram::create(model_.context, std::move(model.program), constants);
}

}  // namespace tacet::suite
