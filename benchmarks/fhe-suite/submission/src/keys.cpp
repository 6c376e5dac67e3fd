// SPDX-License-Identifier: Apache-2.0
#include "keys.h"

#include <cstring>

#include "serial/object_codec.h"
#include "util/error.h"
#include "util/secret_memory.h"

namespace tacet::suite {
namespace {

SecretSeed fresh_secret_seed() {
  SecretBytes bytes(32);
  random_bytes(bytes.data(), bytes.size());
  return SecretSeed(bytes.data());
}

PublicSeed fresh_public_seed() {
  PublicSeed seed;
  random_bytes(seed.bytes.data(), seed.bytes.size());
  return seed;
}

}  // namespace

SecretKey make_secret_key(const Context& context) { return SecretKey::from_seed(context.ring(), fresh_secret_seed()); }

void store_secret_key(const Instance& instance, const ClientModel& model, const SecretKey& key, const Tag& tag) {
  SecretBytes blob(secret_key_size());
  tacet::store_secret_key(*model.context, key, blob.data(), blob.size());
  NewFile file(instance.secret_key(), Access::kOwner);
  file.write(tag.bytes, sizeof tag.bytes);
  file.write(blob.data(), blob.size());
  file.commit();
}

SecretKey load_secret_key(const Instance& instance, const ClientModel& model, Tag& tag) {
  const MappedFile file(instance.secret_key());
  if (file.size() <= sizeof tag.bytes) {
    fail(Code::kMalformed, "%s is too short", instance.secret_key().c_str());
  }
  std::memcpy(tag.bytes, file.data(), sizeof tag.bytes);
  return tacet::load_secret_key(*model.context, file.data() + sizeof tag.bytes, file.size() - sizeof tag.bytes);
}

std::size_t write_evaluation_keys(const Instance& instance, const ClientModel& model, const SecretKey& secret,
                                  const Tag& tag) {
  const Context& context = *model.context;
  FileHeader header;
  header.kind = FileKind::kEvaluationKeys;
  header.model = model.id;
  header.keys = tag;
  header.items = model.signature.keys.size();
  for (const KeyRequirement& key : model.signature.keys) {
    header.bytes += evaluation_key_size(context, key.level);
  }
  NewFile file(instance.evaluation_keys(), Access::kAll);
  write_header(file, header);
  for (const KeyRequirement& wanted : model.signature.keys) {
    const SeededEvaluationKey key = make_evaluation_key(context.ring(), secret, wanted.galois, wanted.level,
                                                        fresh_public_seed(), fresh_secret_seed());
    std::vector<u8> blob(evaluation_key_size(context, wanted.level));
    store_evaluation_key(context, key, blob.data(), blob.size());
    file.write(blob.data(), blob.size());
  }
  file.commit();
  return file.written();
}

std::vector<EvaluationKey> load_evaluation_keys(const Instance& instance, const ClientModel& model, Tag& tag) {
  const Context& context = *model.context;
  const fs::path path = instance.evaluation_keys();
  const MappedFile file(path);
  const FileHeader header = read_header(file, path, FileKind::kEvaluationKeys, model.id);
  std::size_t expected = 0;
  for (const KeyRequirement& key : model.signature.keys) {
    expected += evaluation_key_size(context, key.level);
  }
  if (header.items != model.signature.keys.size() || header.bytes != expected) {
    fail(Code::kMalformed, "%s: %llu keys in %llu bytes, the model needs %zu in %zu", path.c_str(),
         static_cast<unsigned long long>(header.items), static_cast<unsigned long long>(header.bytes),
         model.signature.keys.size(), expected);
  }
  std::vector<EvaluationKey> keys;
  const u8* at = file.data() + kHeaderBytes;
  for (const KeyRequirement& wanted : model.signature.keys) {
    const std::size_t bytes = evaluation_key_size(context, wanted.level);
    SeededEvaluationKey key = load_evaluation_key(context, at, bytes);
    if (key.galois != wanted.galois || key.level != wanted.level) {
      fail(Code::kMalformed, "%s: key of Galois element %u at level %d where %u at level %d is needed", path.c_str(),
           key.galois, key.level, wanted.galois, wanted.level);
    }
    keys.push_back(expand(context.ring(), std::move(key)));
    at += bytes;
  }
  tag = header.keys;
  return keys;
}

}  // namespace tacet::suite
