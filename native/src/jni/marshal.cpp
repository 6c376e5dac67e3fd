// SPDX-License-Identifier: Apache-2.0
#include "jni/marshal.h"

#include "jni/guard.h"
#include "serial/scale_codec.h"
#include "util/error.h"

namespace tacet::jni {

namespace {
void check_pending(JNIEnv* env) {
  if (env->ExceptionCheck()) throw PendingJavaException{};
}
}  // namespace

Range range_of(JNIEnv* env, jobject buffer, jint offset, jint length) {
  void* address = buffer == nullptr ? nullptr : env->GetDirectBufferAddress(buffer);
  const jlong capacity = buffer == nullptr ? -1 : env->GetDirectBufferCapacity(buffer);
  if (capacity < 0 || (address == nullptr && capacity > 0)) fail(Code::kInvalidArgument, "the buffer is not direct");
  if (offset < 0 || length < 0 || static_cast<jlong>(offset) + length > capacity) {
    fail(Code::kInvalidArgument, "offset %d and length %d do not fit a buffer of %lld bytes", offset, length,
         static_cast<long long>(capacity));
  }
  return Range{static_cast<u8*>(address) + offset, static_cast<std::size_t>(length)};
}

const u8* seed_of(JNIEnv* env, jobject buffer) { return range_of(env, buffer, 0, 32).data; }

std::size_t length_of(JNIEnv* env, jdoubleArray array) {
  return array == nullptr ? 0 : static_cast<std::size_t>(env->GetArrayLength(array));
}

void copy_doubles(JNIEnv* env, double* out, jdoubleArray array, std::size_t count) {
  if (count == 0) return;
  env->GetDoubleArrayRegion(array, 0, static_cast<jsize>(count), out);
  check_pending(env);
}

std::vector<double> doubles_of(JNIEnv* env, jdoubleArray array) {
  std::vector<double> values(length_of(env, array));
  copy_doubles(env, values.data(), array, values.size());
  return values;
}

std::vector<jlong> longs_of(JNIEnv* env, jlongArray array) {
  if (array == nullptr) return {};
  const jsize length = env->GetArrayLength(array);
  std::vector<jlong> values(static_cast<std::size_t>(length));
  env->GetLongArrayRegion(array, 0, length, values.data());
  check_pending(env);
  return values;
}

Scale scale_of(JNIEnv* env, const Context& context, jbyteArray bytes) {
  if (bytes == nullptr) return Scale();
  const jsize length = env->GetArrayLength(bytes);
  std::vector<u8> copy(static_cast<std::size_t>(length));
  env->GetByteArrayRegion(bytes, 0, length, reinterpret_cast<jbyte*>(copy.data()));
  check_pending(env);
  ByteReader reader(copy.data(), copy.size(), "scale");
  const Scale scale = read_scale(reader, context.ring().chain_length(), "scale");
  reader.expect_end();
  return scale;
}

void fill(JNIEnv* env, jdoubleArray array, const double* values, std::size_t count) {
  const jsize length = env->GetArrayLength(array);
  if (static_cast<std::size_t>(length) != count) {
    fail(Code::kInvalidArgument, "an array of %d numbers cannot take %zu", length, count);
  }
  env->SetDoubleArrayRegion(array, 0, length, values);
  check_pending(env);
}

jbyteArray new_bytes(JNIEnv* env, const u8* data, std::size_t size) {
  if (size > 0x7FFFFFF7u) fail(Code::kOutOfMemory, "%zu bytes do not fit a Java array", size);
  const jbyteArray array = env->NewByteArray(static_cast<jsize>(size));
  check_pending(env);
  env->SetByteArrayRegion(array, 0, static_cast<jsize>(size), reinterpret_cast<const jbyte*>(data));
  check_pending(env);
  return array;
}

jdoubleArray new_doubles(JNIEnv* env, const std::vector<double>& values) {
  const jdoubleArray array = env->NewDoubleArray(static_cast<jsize>(values.size()));
  check_pending(env);
  env->SetDoubleArrayRegion(array, 0, static_cast<jsize>(values.size()), values.data());
  check_pending(env);
  return array;
}

}  // namespace tacet::jni
