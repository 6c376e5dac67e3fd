// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jni.h>

#include <memory>

#include "ckks/context.h"
#include "program/executor.h"
#include "rlwe/ciphertext.h"
#include "rlwe/keys.h"

namespace tacet::jni {

/// What a Java handle can point to.
enum class ObjectKind { kContext, kSecretKey, kPublicKey, kSeededEvaluationKey, kKeySet, kPlaintext, kCiphertext, kProgram };

const char* name(ObjectKind kind);

/// The native side of a handle: its kind, so that a handle of the wrong kind is an error, and the context that it needs
/// alive and is compared with others by.
struct Object {
  Object(ObjectKind object_kind, std::shared_ptr<const Context> object_context)
      : kind(object_kind), context(std::move(object_context)) {}
  virtual ~Object() = default;

  const ObjectKind kind;
  const std::shared_ptr<const Context> context;
};

/// An object of one kind with its value. `Value` is shared where a run keeps it beyond a call.
template <ObjectKind kKind, class Value>
struct Holder final : Object {
  static constexpr ObjectKind kind_of = kKind;
  Holder(std::shared_ptr<const Context> object_context, Value object_value)
      : Object(kKind, std::move(object_context)), value(std::move(object_value)) {}

  Value value;
};

struct NoValue {};
using ContextObject = Holder<ObjectKind::kContext, NoValue>;
using SecretKeyObject = Holder<ObjectKind::kSecretKey, SecretKey>;
using PublicKeyObject = Holder<ObjectKind::kPublicKey, PublicKey>;
using SeededKeyObject = Holder<ObjectKind::kSeededEvaluationKey, SeededEvaluationKey>;
using KeySetObject = Holder<ObjectKind::kKeySet, std::shared_ptr<EvaluationKeySet>>;
using PlaintextObject = Holder<ObjectKind::kPlaintext, Plaintext>;
using CiphertextObject = Holder<ObjectKind::kCiphertext, std::shared_ptr<const Ciphertext>>;
using ProgramObject = Holder<ObjectKind::kProgram, std::shared_ptr<const ExecutableProgram>>;

/// The object behind a handle; Code::kInvalidArgument when it is null.
Object& object(jlong handle);

/// The object of the expected kind behind a handle; Code::kInvalidArgument when it is of another one.
template <class Expected>
Expected& object_as(jlong handle);

[[noreturn]] void refuse_kind(ObjectKind found, ObjectKind expected);

template <class Expected>
Expected& object_as(jlong handle) {
  Object& found = object(handle);
  if (found.kind != Expected::kind_of) refuse_kind(found.kind, Expected::kind_of);
  return static_cast<Expected&>(found);
}

/// Fails with Code::kInvalidArgument unless both were made under the same parameters.
void require_same_parameters(const Object& a, const Object& b);

/// Makes a handle.
template <class Kind, class Value>
jlong make(std::shared_ptr<const Context> context, Value value) {
  return reinterpret_cast<jlong>(static_cast<Object*>(new Kind(std::move(context), std::move(value))));
}

}  // namespace tacet::jni
