// SPDX-License-Identifier: Apache-2.0
#pragma once
// SIGNATURE bodies, field after field as docs/formats.md has them, to change one of them at a time.

#include <cstring>
#include <string>
#include <vector>

#include "util/types.h"

namespace tacet::testing {

/// A signature of one input, one VALUE, one guard and a tail that takes the index of the largest value. Every field may
/// be changed before body() is called. The arrays have as many numbers as the counts say; the arrays of the input
/// follow `features`.
struct SignatureBytes {
  u16 version = 1;
  u8 packing = 1;  // written in version 5
  std::string model = "model";
  u16 security_bits = 0;
  std::vector<u32> shape = {3};
  u32 features = 3;
  u32 in_period = 4;
  u32 copy_shift = 0;  // written in versions 3 and 4
  u8 in_level = 2;
  double low = -1, high = 1, center = 0, half_width = 1;
  u8 kind = 0;
  u16 program_output = 0;
  u32 count = 2;
  u32 out_period = 4;
  u8 out_level = 0;
  double factor = 2, offset = 0.5, bound = 1, slot_error = 0.01, error_bound = 0.02;
  u32 guard_count = 4;
  u8 tail_op = 18;
  std::vector<u32> galois = {0};
  u8 key_level = 2;
  u16 known_rows = 2;  // in version 5
  double known_center = -0.25, known_amplitude = 0.5;
  double known_answer = 0.75;
  std::vector<double> value_errors;  // one for each value; where there are some the body is of version 10
  std::vector<std::string> names;  // of features; where there are some the body is of version 9

  /// The same model in the throughput packing.
  static SignatureBytes throughput() {
    SignatureBytes s;
    s.version = 5;
    s.in_period = s.out_period = 1;
    return s;
  }

  std::vector<u8> body() const {
    std::vector<u8> out;
    if (!value_errors.empty()) {
      put(out, u16{10});
    }
    if (!names.empty()) {
      put(out, u16{9});
    }
    put(out, version);
    text(out, model);
    put(out, security_bits);
    if (version == 5) {
      put(out, packing);
    }
    put(out, u16{1});
    text(out, "x");
    put(out, static_cast<u8>(shape.size()));
    for (const u32 dimension : shape) {
      put(out, dimension);
    }
    put(out, features);
    put(out, in_period);
    if (version == 3 || version == 4) {
      put(out, copy_shift);
    }
    scale(out);
    put(out, in_level);
    for (const double number : {low, high, center, half_width}) {
      numbers(out, features, number);
    }
    put(out, u16{2});
    output(out, kind, program_output, "y", count, kind == 0 ? count : 0);
    output(out, 2, 1, "guard of a", guard_count, 0);
    put(out, u16{1});
    text(out, "y");
    put(out, u16{1});
    put(out, tail_op);
    put(out, u8{1});
    text(out, "y");
    text(out, "label");
    put(out, u32{1});
    put(out, u64{2});
    put(out, u32{1});
    put(out, 0.125);
    put(out, u32{0});
    put(out, u16{1});
    text(out, "label");
    put(out, static_cast<u32>(galois.size()));
    for (const u32 element : galois) {
      put(out, element);
      put(out, key_level);
    }
    if (version == 2 || version == 4) {
      put(out, u64{100});
      put(out, u8{30});
      put(out, 1e-9);
    }
    if (version == 5) {
      put(out, known_rows);
      put(out, known_center);
      put(out, known_amplitude);
      numbers(out, known_rows * count, known_answer);
    }
    if (!names.empty()) {
      put(out, static_cast<u32>(names.size()));
      for (const std::string& name : names) {
        text(out, name);
      }
      put(out, u16{1});
      put(out, u16{0});
    }
    for (const double error : value_errors) {
      put(out, error);
    }
    return out;
  }

 private:
  /// Little endian, as the machines that run the tests are.
  template <class T>
  static void put(std::vector<u8>& out, T value) {
    const std::size_t at = out.size();
    out.resize(at + sizeof value);
    std::memcpy(out.data() + at, &value, sizeof value);
  }
  static void text(std::vector<u8>& out, const std::string& value) {
    put(out, static_cast<u16>(value.size()));
    out.insert(out.end(), value.begin(), value.end());
  }
  static void scale(std::vector<u8>& out) {
    put(out, std::int32_t{20});
    put(out, u8{0});
  }
  static void numbers(std::vector<u8>& out, u32 how_many, double value) {
    for (u32 k = 0; k < how_many; ++k) {
      put(out, value);
    }
  }
  void output(std::vector<u8>& out, u8 output_kind, u16 number, const char* name, u32 values, u32 factors) const {
    put(out, output_kind);
    put(out, number);
    text(out, name);
    put(out, values);
    put(out, out_period);
    put(out, out_level);
    scale(out);
    numbers(out, factors, factor);
    numbers(out, factors, offset);
    put(out, bound);
    put(out, slot_error);
    put(out, error_bound);
  }
};

}  // namespace tacet::testing
