// SPDX-License-Identifier: Apache-2.0
// guard() and raise(): every failure of the engine becomes one Java exception of the type that its code stands for.

#include "jni/guard.h"

#include <gtest/gtest.h>

#include <map>
#include <new>
#include <stdexcept>
#include <string>
#include <vector>

namespace tacet::jni {
namespace {

/// What the guard sees of a virtual machine: classes by name and one pending exception. Everything else it might call is
/// absent, and calling it would end the test.
struct Machine {
  static Machine* running;

  JNINativeInterface_ functions{};
  JNIEnv_ env{};
  std::vector<std::string> names;
  std::string missing_class;
  bool pending = false;
  std::string thrown_class;
  std::string thrown_text;

  Machine() {
    running = this;
    functions.FindClass = [](JNIEnv*, const char* name) -> jclass {
      if (running->missing_class == name) return nullptr;
      running->names.emplace_back(name);
      return reinterpret_cast<jclass>(running->names.size());
    };
    functions.NewGlobalRef = [](JNIEnv*, jobject local) { return local; };
    functions.DeleteLocalRef = [](JNIEnv*, jobject) {};
    functions.ExceptionCheck = [](JNIEnv*) -> jboolean { return running->pending; };
    functions.ThrowNew = [](JNIEnv*, jclass type, const char* text) -> jint {
      EXPECT_FALSE(running->pending) << "a second exception over a pending one";
      running->pending = true;
      running->thrown_class = running->names.at(reinterpret_cast<std::size_t>(type) - 1);
      running->thrown_text = text;
      return 0;
    };
    env.functions = &functions;
  }
};

Machine* Machine::running = nullptr;

/// Runs a guarded body on a machine that has all classes.
template <class Body>
Machine guarded(Body&& body) {
  Machine machine;
  EXPECT_TRUE(cache_classes(&machine.env));
  EXPECT_EQ(guard(&machine.env, body), 0);
  Machine::running = nullptr;
  return machine;
}

TEST(Guard, EveryCodeIsItsException) {
  const std::map<Code, std::string> types = {
      {Code::kInvalidArgument, "java/lang/IllegalArgumentException"},
      {Code::kMalformed, "dev/tacet/he/MalformedException"},
      {Code::kMissingKey, "dev/tacet/he/MissingKeyException"},
      {Code::kCancelled, "dev/tacet/he/CancelledException"},
      {Code::kOutOfMemory, "java/lang/OutOfMemoryError"},
      {Code::kUnsupported, "dev/tacet/he/UnsupportedException"},
      {Code::kInternal, "java/lang/IllegalStateException"},
  };
  for (const auto& [code, type] : types) {
    const Machine machine = guarded([code = code]() -> int { fail(code, "level %d of %d", 3, 2); });
    EXPECT_EQ(machine.thrown_class, type) << static_cast<int>(code);
    EXPECT_EQ(machine.thrown_text, "level 3 of 2");
  }
}

TEST(Guard, AnythingElseThatIsThrownIsAnIllegalState) {
  Machine machine = guarded([]() -> int { throw std::runtime_error("a broken invariant"); });
  EXPECT_EQ(machine.thrown_class, "java/lang/IllegalStateException");
  EXPECT_EQ(machine.thrown_text, "a broken invariant");
  machine = guarded([]() -> int { throw 7; });
  EXPECT_EQ(machine.thrown_class, "java/lang/IllegalStateException");
  EXPECT_NE(machine.thrown_text, "");
}

TEST(Guard, NoMemoryIsAnOutOfMemoryError) {
  const Machine machine = guarded([]() -> int { throw std::bad_alloc(); });
  EXPECT_EQ(machine.thrown_class, "java/lang/OutOfMemoryError");
}

TEST(Guard, AnExceptionThatJavaThrewStaysAsItIs) {
  const Machine machine = guarded([]() -> int {
    Machine::running->pending = true;
    Machine::running->thrown_class = "Java's own";
    throw PendingJavaException{};
  });
  EXPECT_EQ(machine.thrown_class, "Java's own");
  const Machine covered = guarded([]() -> int {
    Machine::running->pending = true;
    Machine::running->thrown_class = "Java's own";
    fail(Code::kInternal, "raised while another is pending");
  });
  EXPECT_EQ(covered.thrown_class, "Java's own");
}

TEST(Guard, WhatDoesNotThrowReturnsItsValue) {
  Machine machine;
  ASSERT_TRUE(cache_classes(&machine.env));
  EXPECT_EQ(guard(&machine.env, [] { return 42; }), 42);
  EXPECT_FALSE(machine.pending);
}

TEST(Guard, AMissingClassEndsTheLoading) {
  for (const char* name : {"java/lang/IllegalStateException", "dev/tacet/he/UnsupportedException"}) {
    Machine machine;
    machine.missing_class = name;
    EXPECT_FALSE(cache_classes(&machine.env)) << name;
  }
}

}  // namespace
}  // namespace tacet::jni
