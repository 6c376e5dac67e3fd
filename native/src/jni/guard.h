// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jni.h>

#include <exception>
#include <new>
#include <type_traits>

#include "util/error.h"

namespace tacet::jni {

/// Classes that guarded code needs, as global references; filled once by JNI_OnLoad.
struct Classes {
  jclass illegal_argument = nullptr;
  jclass illegal_state = nullptr;
  jclass out_of_memory = nullptr;
  jclass malformed = nullptr;
  jclass missing_key = nullptr;
  jclass cancelled = nullptr;
  jclass unsupported = nullptr;
};

/// Fills classes(); false with a pending Java exception when one is missing.
bool cache_classes(JNIEnv* env);
const Classes& classes();

/// Thrown by guarded code when a JNI call has left a Java exception pending.
struct PendingJavaException {};

/// Makes the Java exception for `code` pending.
void raise(JNIEnv* env, Code code, const char* text) noexcept;

/// Runs `body` and turns whatever it throws into a pending Java exception, returning a zero value. The only catch between
/// the engine and the virtual machine: every native function is one call of this.
template <class Body>
auto guard(JNIEnv* env, Body&& body) noexcept -> decltype(body()) {
  using Result = decltype(body());
  try {
    return body();
  } catch (const PendingJavaException&) {
  } catch (const Error& error) {
    raise(env, error.code, error.text.c_str());
  } catch (const std::bad_alloc&) {
    raise(env, Code::kOutOfMemory, "the native engine is out of memory");
  } catch (const std::exception& error) {
    raise(env, Code::kInternal, error.what());
  } catch (...) {
    raise(env, Code::kInternal, "the native engine threw something that is not an exception");
  }
  if constexpr (!std::is_void_v<Result>) return Result{};
}

}  // namespace tacet::jni
