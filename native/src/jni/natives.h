// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jni.h>

#include <vector>

namespace tacet::jni {

/// Number of the interface to dev.tacet.he.internal.Native; raised with every change of a name, signature or meaning there.
inline constexpr jint kAbiVersion = 4;

/// The functions of dev.tacet.he.internal.Native that bind() registers, by file.
void add_object_natives(std::vector<JNINativeMethod>& methods);
void add_key_natives(std::vector<JNINativeMethod>& methods);
void add_engine_natives(std::vector<JNINativeMethod>& methods);
void add_clear_natives(std::vector<JNINativeMethod>& methods);

/// A row of the table.
template <class Function>
JNINativeMethod native(const char* name, const char* signature, Function* function) {
  return {const_cast<char*>(name), const_cast<char*>(signature), reinterpret_cast<void*>(function)};
}

}  // namespace tacet::jni
