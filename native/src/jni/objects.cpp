// SPDX-License-Identifier: Apache-2.0
#include "jni/objects.h"

#include "util/error.h"

namespace tacet::jni {

const char* name(ObjectKind kind) {
  switch (kind) {
    case ObjectKind::kContext: return "context";
    case ObjectKind::kSecretKey: return "secret key";
    case ObjectKind::kPublicKey: return "public key";
    case ObjectKind::kSeededEvaluationKey: return "evaluation key";
    case ObjectKind::kKeySet: return "evaluation key set";
    case ObjectKind::kPlaintext: return "plaintext";
    case ObjectKind::kCiphertext: return "ciphertext";
    case ObjectKind::kProgram: return "program";
  }
  return "object of unknown kind";
}

Object& object(jlong handle) {
  if (handle == 0) fail(Code::kInvalidArgument, "a native object is missing");
  return *reinterpret_cast<Object*>(handle);
}

void refuse_kind(ObjectKind found, ObjectKind expected) {
  fail(Code::kInvalidArgument, "expected a %s, got a %s", name(expected), name(found));
}

void require_same_parameters(const Object& a, const Object& b) {
  const auto& p = a.context->spec().hash;
  const auto& q = b.context->spec().hash;
  if (a.context == b.context || p == q) return;
  fail(Code::kInvalidArgument,
       "the %s was made under parameters %02x%02x%02x%02x.., the %s under parameters %02x%02x%02x%02x..", name(a.kind), p[0],
       p[1], p[2], p[3], name(b.kind), q[0], q[1], q[2], q[3]);
}

}  // namespace tacet::jni
