// SPDX-License-Identifier: Apache-2.0
// Registration: JNI_OnLoad is the only symbol that the library shows.

#include <vector>

#include "jni/guard.h"
#include "jni/natives.h"

namespace tacet::jni {

namespace {

constexpr const char* kNativeClass = "dev/tacet/he/internal/Native";

jint abi_version(JNIEnv*, jclass) { return kAbiVersion; }

/// Registers everything else; called by the loader once it has found the versions equal, so that a library and a jar that
/// do not belong together meet nothing but the comparison.
void bind(JNIEnv* env, jclass native_class) {
  guard(env, [&] {
    if (!cache_classes(env)) throw PendingJavaException{};
    std::vector<JNINativeMethod> methods;
    add_object_natives(methods);
    add_key_natives(methods);
    add_engine_natives(methods);
    add_clear_natives(methods);
    if (env->RegisterNatives(native_class, methods.data(), static_cast<jint>(methods.size())) != JNI_OK) {
      throw PendingJavaException{};
    }
  });
}

}  // namespace

}  // namespace tacet::jni

extern "C" JNIEXPORT jint JNICALL JNI_OnLoad(JavaVM* vm, void*) {
  using namespace tacet::jni;
  JNIEnv* env = nullptr;
  if (vm->GetEnv(reinterpret_cast<void**>(&env), JNI_VERSION_1_8) != JNI_OK) return JNI_ERR;
  const jclass native_class = env->FindClass(kNativeClass);
  if (native_class == nullptr) return JNI_ERR;
  const JNINativeMethod first[] = {native("abiVersion", "()I", abi_version), native("bind", "()V", bind)};
  if (env->RegisterNatives(native_class, first, 2) != JNI_OK) return JNI_ERR;
  return JNI_VERSION_1_8;
}
