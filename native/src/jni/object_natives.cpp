// SPDX-License-Identifier: Apache-2.0
// Objects as such: contexts, reading and writing blobs, what an object is, freeing it.

#include "jni/guard.h"
#include "jni/marshal.h"
#include "jni/natives.h"
#include "jni/objects.h"
#include "kernels/kernels.h"
#include "serial/object_codec.h"
#include "serial/parameters_codec.h"
#include "serial/program_codec.h"
#include "serial/scale_codec.h"
#include "util/error.h"

namespace tacet::jni {

namespace {

jstring kernels_name(JNIEnv* env, jclass) {
  return guard(env, [&] { return env->NewStringUTF(kernels().name); });
}

void destroy(JNIEnv* env, jclass, jlong handle) {
  guard(env, [&] { delete &object(handle); });
}

jlong context_create(JNIEnv* env, jclass, jobject buffer, jint offset, jint length) {
  return guard(env, [&] {
    const Range range = range_of(env, buffer, offset, length);
    return make<ContextObject>(Context::create(load_parameters(range.data, range.size)), NoValue{});
  });
}

jlong load(JNIEnv* env, jclass, jlong context_handle, jint kind, jobject buffer, jint offset, jint length) {
  return guard(env, [&] {
    const auto& context = object_as<ContextObject>(context_handle).context;
    const Range range = range_of(env, buffer, offset, length);
    switch (static_cast<BlobKind>(kind)) {
      case BlobKind::kSecretKey:
        return make<SecretKeyObject>(context, load_secret_key(*context, range.data, range.size));
      case BlobKind::kPublicKey:
        return make<PublicKeyObject>(context, load_public_key(*context, range.data, range.size));
      case BlobKind::kCiphertext: {
        auto ciphertext = std::make_shared<const Ciphertext>(load_ciphertext(*context, range.data, range.size));
        return make<CiphertextObject>(context, std::move(ciphertext));
      }
      case BlobKind::kProgram: {
        auto program = ExecutableProgram::create(context, load_program(*context, range.data, range.size));
        return make<ProgramObject>(context, std::move(program));
      }
      default: fail(Code::kInvalidArgument, "blobs of kind %d are not read here", kind);
    }
  });
}

std::size_t blob_bytes(const Object& stored) {
  const Context& context = *stored.context;
  switch (stored.kind) {
    case ObjectKind::kSecretKey: return secret_key_size();
    case ObjectKind::kPublicKey: return public_key_size(context);
    case ObjectKind::kSeededEvaluationKey:
      return evaluation_key_size(context, static_cast<const SeededKeyObject&>(stored).value.level);
    case ObjectKind::kCiphertext: return ciphertext_size(context, *static_cast<const CiphertextObject&>(stored).value);
    default: fail(Code::kInvalidArgument, "a %s has no blob", name(stored.kind));
  }
}

void write_blob(const Object& stored, Range range) {
  const Context& context = *stored.context;
  switch (stored.kind) {
    case ObjectKind::kSecretKey:
      return store_secret_key(context, static_cast<const SecretKeyObject&>(stored).value, range.data, range.size);
    case ObjectKind::kPublicKey:
      return store_public_key(context, static_cast<const PublicKeyObject&>(stored).value, range.data, range.size);
    case ObjectKind::kSeededEvaluationKey:
      return store_evaluation_key(context, static_cast<const SeededKeyObject&>(stored).value, range.data, range.size);
    case ObjectKind::kCiphertext:
      return store_ciphertext(context, *static_cast<const CiphertextObject&>(stored).value, range.data, range.size);
    default: fail(Code::kInvalidArgument, "a %s has no blob", name(stored.kind));
  }
}

jlong store(JNIEnv* env, jclass, jlong handle, jobject buffer, jint offset, jint length) {
  return guard(env, [&] {
    const Object& stored = object(handle);
    const std::size_t size = blob_bytes(stored);
    if (buffer != nullptr) write_blob(stored, range_of(env, buffer, offset, length));
    return static_cast<jlong>(size);
  });
}

jbyteArray description(JNIEnv* env, Encoding encoding, int level, int components, bool seeded, const Scale& scale,
                       const std::vector<u32>& extracted = {}) {
  std::vector<u8> bytes(4 + scale_size(scale) + extracted.size() * sizeof(u16));
  ByteWriter writer(bytes.data(), bytes.size());
  writer.u8(static_cast<u8>(encoding));
  writer.u8(static_cast<u8>(level));
  writer.u8(static_cast<u8>(components));
  writer.u8(seeded ? 1 : 0);
  write_scale(writer, scale);
  for (const u32 index : extracted) writer.u16(static_cast<u16>(index));
  return new_bytes(env, bytes.data(), bytes.size());
}

jbyteArray describe(JNIEnv* env, jclass, jlong handle) {
  return guard(env, [&] {
    if (object(handle).kind == ObjectKind::kPlaintext) {
      const Plaintext& plaintext = object_as<PlaintextObject>(handle).value;
      return description(env, plaintext.encoding, plaintext.level, 2, false, plaintext.scale);
    }
    const Ciphertext& ciphertext = *object_as<CiphertextObject>(handle).value;
    const int components = ciphertext.encoding == Encoding::kExtracted ? 2 : ciphertext.size();
    return description(env, ciphertext.encoding, ciphertext.level, components, ciphertext.seed.has_value(), ciphertext.scale,
                       ciphertext.extracted.indexes);
  });
}

jlong measure(JNIEnv* env, jclass, jlong handle) {
  return guard(env, [&]() -> jlong {
    switch (object(handle).kind) {
      case ObjectKind::kKeySet: return static_cast<jlong>(object_as<KeySetObject>(handle).value->bytes());
      case ObjectKind::kProgram: return static_cast<jlong>(object_as<ProgramObject>(handle).value->bytes());
      case ObjectKind::kSecretKey: return object_as<SecretKeyObject>(handle).value.fully_locked() ? 1 : 0;
      default: fail(Code::kInvalidArgument, "a %s is not measured", name(object(handle).kind));
    }
  });
}

}  // namespace

void add_object_natives(std::vector<JNINativeMethod>& methods) {
  methods.push_back(native("kernels", "()Ljava/lang/String;", kernels_name));
  methods.push_back(native("destroy", "(J)V", destroy));
  methods.push_back(native("contextCreate", "(Ljava/nio/ByteBuffer;II)J", context_create));
  methods.push_back(native("load", "(JILjava/nio/ByteBuffer;II)J", load));
  methods.push_back(native("store", "(JLjava/nio/ByteBuffer;II)J", store));
  methods.push_back(native("describe", "(J)[B", describe));
  methods.push_back(native("measure", "(J)J", measure));
}

}  // namespace tacet::jni
