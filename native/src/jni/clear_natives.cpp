// SPDX-License-Identifier: Apache-2.0
// Real maps on many rows at once, in the clear: the compiler's sample rows and its simulated programs.

#include <algorithm>
#include <utility>
#include <vector>

#include "ckks/numbers.h"
#include "jni/guard.h"
#include "jni/marshal.h"
#include "jni/natives.h"
#include "kernels/kernels.h"
#include "util/error.h"

namespace tacet::jni {

namespace {

/// The numbers of T in a direct buffer.
template <class T>
std::pair<const T*, std::size_t> numbers_of(JNIEnv* env, jobject buffer) {
  const jlong capacity = buffer == nullptr ? -1 : env->GetDirectBufferCapacity(buffer);
  if (capacity < 0) fail(Code::kInvalidArgument, "the buffer is not direct");
  return {static_cast<const T*>(env->GetDirectBufferAddress(buffer)), static_cast<std::size_t>(capacity) / sizeof(T)};
}

bool is_power_of_two(std::size_t n) { return n != 0 && (n & (n - 1)) == 0; }

void sparse_product(JNIEnv* env, jclass, jdoubleArray out_array, jdoubleArray x_array, jint rows, jobject starts_buffer,
                    jobject offsets_buffer, jobject values_buffer) {
  guard(env, [&] {
    const auto [starts, start_count] = numbers_of<u32>(env, starts_buffer);
    const auto [offsets, entries] = numbers_of<u32>(env, offsets_buffer);
    const auto [values, value_count] = numbers_of<double>(env, values_buffer);
    const std::size_t out_size = length_of(env, out_array), x_size = length_of(env, x_array);
    const std::size_t period = start_count - 1, row_count = rows > 0 ? static_cast<std::size_t>(rows) : 0;
    const bool fits = start_count > 1 && is_power_of_two(row_count) && is_power_of_two(period) && is_power_of_two(x_size) &&
                      is_power_of_two(out_size) && x_size >= row_count && out_size >= period * row_count && value_count == entries;
    if (!fits || !std::is_sorted(starts, starts + start_count) || starts[period] > entries) {
      fail(Code::kInvalidArgument, "a map of %zu entries and period %zu cannot take %zu numbers of %d rows to %zu", entries, period, x_size,
           rows, out_size);
    }
    Numbers<double> x(x_size), out(out_size);
    copy_doubles(env, x.data(), x_array, x_size);
    kernels().sparse_product(out.data(), out_size / row_count, x.data(), x_size / row_count, {period, starts, offsets, values}, row_count);
    fill(env, out_array, out.data(), out_size);
  });
}

/// Rows of a matrix that the kernel has at once: a few lines, so that their entries stay in the caches from the copy to the product.
class MatrixLines {
 public:
  static constexpr std::size_t kMost = 8, kEntries = 8192;

  MatrixLines(JNIEnv* env, std::size_t rows, std::size_t columns, jintArray starts, jintArray positions, jdoubleArray values)
      : env_(env), rows_(rows), columns_(columns), positions_(positions), values_(values) {
    const std::size_t stored = length_of(env, values);
    if (starts == nullptr) {
      if (stored != rows * columns) fail(Code::kInvalidArgument, "%zu entries of a %zu x %zu matrix", stored, rows, columns);
    } else {
      starts_.resize(rows + 1);
      if (positions == nullptr || static_cast<std::size_t>(env->GetArrayLength(starts)) != rows + 1 ||
          static_cast<std::size_t>(env->GetArrayLength(positions)) != stored) {
        fail(Code::kInvalidArgument, "starts and positions do not fit %zu rows of %zu entries", rows, stored);
      }
      env->GetIntArrayRegion(starts, 0, static_cast<jsize>(rows + 1), starts_.data());
      if (starts_.front() != 0 || !std::is_sorted(starts_.begin(), starts_.end()) || static_cast<std::size_t>(starts_.back()) != stored) {
        fail(Code::kInvalidArgument, "the starts of %zu rows do not lead from 0 to %zu entries", rows, stored);
      }
    }
    while (in_slots_ < columns) in_slots_ *= 2;
    while (together_ > 2 && together_ * (stored / std::max<std::size_t>(rows, 1)) > kEntries) together_ /= 2;
  }

  std::size_t together() const { return together_; }
  std::size_t in_slots() const { return in_slots_; }

  /// The map from x to rows first, first + 1, ...; lines past the last row are empty.
  SparseMapView at(std::size_t first) {
    const std::size_t from = start(first), to = start(std::min(rows_, first + together_));
    line_starts_.resize(together_ + 1);
    for (std::size_t i = 0; i <= together_; ++i) line_starts_[i] = static_cast<u32>(start(std::min(rows_, first + i)) - from);
    entries_.resize(to - from);
    env_->GetDoubleArrayRegion(values_, static_cast<jsize>(from), static_cast<jsize>(to - from), entries_.data());
    if (!starts_.empty()) {
      columns_of_.resize(to - from);
      offsets_.resize(to - from);
      env_->GetIntArrayRegion(positions_, static_cast<jsize>(from), static_cast<jsize>(to - from), columns_of_.data());
    }
    if (!starts_.empty() || offsets_.empty()) set_offsets();
    return {together_, line_starts_.data(), offsets_.data(), entries_.data()};
  }

 private:
  std::size_t start(std::size_t row) const { return starts_.empty() ? row * columns_ : static_cast<std::size_t>(starts_[row]); }

  /// The kernel counts from the line that is written. Those of dense lines are the same every time.
  void set_offsets() {
    const u32 mask = static_cast<u32>(in_slots_ - 1);
    if (starts_.empty()) {
      offsets_.resize(together_ * columns_);
      for (u32 i = 0; i < together_; ++i) {
        for (u32 j = 0; j < columns_; ++j) offsets_[i * columns_ + j] = (j - i) & mask;
      }
      return;
    }
    for (u32 i = 0; i < together_; ++i) {
      for (u32 e = line_starts_[i]; e < line_starts_[i + 1]; ++e) {
        const auto column = static_cast<u32>(columns_of_[e]);
        if (column >= columns_) fail(Code::kInvalidArgument, "column %u of %zu", column, columns_);
        offsets_[e] = (column - i) & mask;
      }
    }
  }

  JNIEnv* env_;
  std::size_t rows_, columns_, in_slots_ = 1, together_ = kMost;
  jintArray positions_;
  jdoubleArray values_;
  std::vector<jint> starts_, columns_of_;
  std::vector<u32> line_starts_, offsets_;
  std::vector<double> entries_;
};

void matrix_product(JNIEnv* env, jclass, jdoubleArray sums_array, jdoubleArray x_array, jint lane_count, jintArray starts,
                    jintArray positions, jdoubleArray values) {
  guard(env, [&] {
    const std::size_t sums_size = length_of(env, sums_array), x_size = length_of(env, x_array);
    const std::size_t lanes = lane_count > 0 ? static_cast<std::size_t>(lane_count) : 0;
    if (!is_power_of_two(lanes) || sums_size % lanes != 0 || x_size % lanes != 0) {
      fail(Code::kInvalidArgument, "%zu numbers and %zu sums are no %d vectors", x_size, sums_size, lane_count);
    }
    const std::size_t rows = sums_size / lanes;
    MatrixLines lines(env, rows, x_size / lanes, starts, positions, values);
    Numbers<double> x(lines.in_slots() * lanes), product(lines.together() * lanes), sums(lines.together() * lanes);
    copy_doubles(env, x.data(), x_array, x_size);
    std::fill(x.data() + x_size, x.data() + lines.in_slots() * lanes, 0.0);
    for (std::size_t first = 0; first < rows; first += lines.together()) {
      kernels().sparse_product(product.data(), lines.together(), x.data(), lines.in_slots(), lines.at(first), lanes);
      const auto from = static_cast<jsize>(first * lanes);
      const auto count = static_cast<jsize>(std::min(lines.together(), rows - first) * lanes);
      env->GetDoubleArrayRegion(sums_array, from, count, sums.data());
      for (jsize i = 0; i < count; ++i) sums.data()[i] += product.data()[i];
      env->SetDoubleArrayRegion(sums_array, from, count, sums.data());
    }
  });
}

}  // namespace

void add_clear_natives(std::vector<JNINativeMethod>& methods) {
  methods.push_back(native("sparseProduct", "([D[DILjava/nio/ByteBuffer;Ljava/nio/ByteBuffer;Ljava/nio/ByteBuffer;)V", sparse_product));
  methods.push_back(native("matrixProduct", "([D[DI[I[I[D)V", matrix_product));
}

}  // namespace tacet::jni
