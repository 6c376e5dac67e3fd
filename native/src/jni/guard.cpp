// SPDX-License-Identifier: Apache-2.0
#include "jni/guard.h"

namespace tacet::jni {

namespace {

Classes cached;

bool cache(JNIEnv* env, jclass& slot, const char* name) {
  const jclass local = env->FindClass(name);
  if (local == nullptr) return false;
  slot = static_cast<jclass>(env->NewGlobalRef(local));
  env->DeleteLocalRef(local);
  return slot != nullptr;
}

jclass class_of(Code code) {
  switch (code) {
    case Code::kInvalidArgument: return cached.illegal_argument;
    case Code::kMalformed: return cached.malformed;
    case Code::kMissingKey: return cached.missing_key;
    case Code::kCancelled: return cached.cancelled;
    case Code::kOutOfMemory: return cached.out_of_memory;
    case Code::kUnsupported: return cached.unsupported;
    case Code::kInternal: return cached.illegal_state;
  }
  return cached.illegal_state;
}

}  // namespace

bool cache_classes(JNIEnv* env) {
  return cache(env, cached.illegal_argument, "java/lang/IllegalArgumentException") &&
         cache(env, cached.illegal_state, "java/lang/IllegalStateException") &&
         cache(env, cached.out_of_memory, "java/lang/OutOfMemoryError") &&
         cache(env, cached.malformed, "dev/tacet/he/MalformedException") &&
         cache(env, cached.missing_key, "dev/tacet/he/MissingKeyException") &&
         cache(env, cached.cancelled, "dev/tacet/he/CancelledException") &&
         cache(env, cached.unsupported, "dev/tacet/he/UnsupportedException");
}

const Classes& classes() { return cached; }

void raise(JNIEnv* env, Code code, const char* text) noexcept {
  if (env->ExceptionCheck()) return;
  env->ThrowNew(class_of(code), text);
}

}  // namespace tacet::jni
