// SPDX-License-Identifier: Apache-2.0
// Key generation and key sets.

#include <cstring>

#include "jni/guard.h"
#include "jni/marshal.h"
#include "jni/natives.h"
#include "jni/objects.h"
#include "serial/object_codec.h"
#include "util/error.h"

namespace tacet::jni {

namespace {

PublicSeed public_seed_of(JNIEnv* env, jobject buffer) {
  PublicSeed seed;
  std::memcpy(seed.bytes.data(), seed_of(env, buffer), seed.bytes.size());
  return seed;
}

jlong secret_key_create(JNIEnv* env, jclass, jlong context_handle, jobject seed) {
  return guard(env, [&] {
    const auto& context = object_as<ContextObject>(context_handle).context;
    return make<SecretKeyObject>(context, SecretKey::from_seed(context->ring(), SecretSeed(seed_of(env, seed))));
  });
}

jbyteArray secret_key_form(JNIEnv* env, jclass, jlong handle, jint form) {
  return guard(env, [&] {
    const auto& held = object_as<SecretKeyObject>(handle);
    const SecretKey& key = held.value;
    const std::size_t limbs = held.context->spec().q.size() + held.context->spec().p.size();
    switch (form) {
      case 0: return new_bytes(env, key.seed(), 32);
      case 1: return new_bytes(env, reinterpret_cast<const u8*>(key.ternary()), key.n());
      case 2: return new_bytes(env, reinterpret_cast<const u8*>(key.limb(0)), limbs * key.n() * sizeof(u64));
      default: fail(Code::kInvalidArgument, "a secret key has forms 0..2, not %d", form);
    }
  });
}

jlong public_key_create(JNIEnv* env, jclass, jlong handle, jobject public_seed, jobject secret_seed) {
  return guard(env, [&] {
    const auto& held = object_as<SecretKeyObject>(handle);
    return make<PublicKeyObject>(held.context,
                                 make_public_key(held.context->ring(), held.value, public_seed_of(env, public_seed),
                                                 SecretSeed(seed_of(env, secret_seed))));
  });
}

jlong evaluation_key_create(JNIEnv* env, jclass, jlong handle, jint galois, jint level, jobject public_seed,
                            jobject secret_seed) {
  return guard(env, [&] {
    const auto& held = object_as<SecretKeyObject>(handle);
    if (galois < 0) fail(Code::kInvalidArgument, "Galois element %d is negative", galois);
    return make<SeededKeyObject>(
        held.context, make_evaluation_key(held.context->ring(), held.value, static_cast<u32>(galois), level,
                                          public_seed_of(env, public_seed), SecretSeed(seed_of(env, secret_seed))));
  });
}

jlong key_set_create(JNIEnv* env, jclass, jlong context_handle) {
  return guard(env, [&] {
    return make<KeySetObject>(object_as<ContextObject>(context_handle).context, std::make_shared<EvaluationKeySet>());
  });
}

void key_set_add(JNIEnv* env, jclass, jlong handle, jobject buffer, jint offset, jint length) {
  guard(env, [&] {
    const auto& held = object_as<KeySetObject>(handle);
    const Range range = range_of(env, buffer, offset, length);
    SeededEvaluationKey seeded = load_evaluation_key(*held.context, range.data, range.size);
    held.value->add(std::make_shared<EvaluationKey>(expand(held.context->ring(), std::move(seeded))));
  });
}

}  // namespace

void add_key_natives(std::vector<JNINativeMethod>& methods) {
  methods.push_back(native("secretKeyCreate", "(JLjava/nio/ByteBuffer;)J", secret_key_create));
  methods.push_back(native("secretKeyForm", "(JI)[B", secret_key_form));
  methods.push_back(
      native("publicKeyCreate", "(JLjava/nio/ByteBuffer;Ljava/nio/ByteBuffer;)J", public_key_create));
  methods.push_back(
      native("evaluationKeyCreate", "(JIILjava/nio/ByteBuffer;Ljava/nio/ByteBuffer;)J", evaluation_key_create));
  methods.push_back(native("keySetCreate", "(J)J", key_set_create));
  methods.push_back(native("keySetAdd", "(JLjava/nio/ByteBuffer;II)V", key_set_add));
}

}  // namespace tacet::jni
