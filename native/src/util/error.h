// SPDX-License-Identifier: Apache-2.0
#pragma once
// The one exception type of the engine: a stable code and a text that carries the numbers.

#include <exception>
#include <string>

namespace tacet {

/// Stable error codes; the numbers cross the JNI boundary.
enum class Code : int {
  kInvalidArgument = 1,  ///< the caller passed something that the operation cannot take
  kMalformed = 2,        ///< bytes that are not a well-formed object of the format
  kMissingKey = 3,       ///< an evaluation key that the operation needs is not in the set
  kCancelled = 4,        ///< the cancel flag was set
  kOutOfMemory = 5,      ///< an allocation failed
  kUnsupported = 6,      ///< known by name but not available in this build
  kInternal = 7,         ///< a broken invariant of the engine itself
};

/// Thrown by every engine function that refuses. Texts name levels, indexes, shapes and bounds, never a value of the
/// data.
struct Error : std::exception {
  Error(Code error_code, std::string error_text) : code(error_code), text(std::move(error_text)) {}
  const char* what() const noexcept override { return text.c_str(); }

  Code code;
  std::string text;
};

/// Throws Error{code, printf-formatted text}.
[[noreturn]] void fail(Code code, const char* format, ...) __attribute__((format(printf, 2, 3)));

}  // namespace tacet
