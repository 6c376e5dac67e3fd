// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <jni.h>

#include <vector>

#include "ckks/context.h"
#include "rlwe/scale.h"
#include "util/types.h"

namespace tacet::jni {

/// The part of a direct buffer that a call was given.
struct Range {
  u8* data;
  std::size_t size;
};

/// Code::kInvalidArgument unless the buffer is direct and holds [offset, offset+length).
Range range_of(JNIEnv* env, jobject buffer, jint offset, jint length);

/// The 32 bytes of a direct buffer of just that size.
const u8* seed_of(JNIEnv* env, jobject buffer);

/// Entries of an array; 0 for null.
std::size_t length_of(JNIEnv* env, jdoubleArray array);
/// Copies the first `count` entries.
void copy_doubles(JNIEnv* env, double* out, jdoubleArray array, std::size_t count);

/// Copies; null gives an empty vector.
std::vector<double> doubles_of(JNIEnv* env, jdoubleArray array);
std::vector<jlong> longs_of(JNIEnv* env, jlongArray array);

/// A scale from its wire form; null gives the scale 1.
Scale scale_of(JNIEnv* env, const Context& context, jbyteArray bytes);

/// Copies into a Java array of just `count` entries; Code::kInvalidArgument for another length.
void fill(JNIEnv* env, jdoubleArray array, const double* values, std::size_t count);

jbyteArray new_bytes(JNIEnv* env, const u8* data, std::size_t size);
jdoubleArray new_doubles(JNIEnv* env, const std::vector<double>& values);

}  // namespace tacet::jni
