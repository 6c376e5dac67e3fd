// SPDX-License-Identifier: Apache-2.0
#pragma once
// The cancel flag of the work that a thread is doing.

#include <atomic>
#include <cstdint>

namespace tacet {

/// Nonzero: stop. Owned by whoever started the work, alive while it lasts.
using CancelFlag = std::atomic<std::int32_t>;

/// While it lives, the calling thread's loops on the pool are those of work with this flag (null: it cannot be cancelled): they check
/// it before each index, on whichever thread runs it. Scopes nest; the inner one counts.
class CancelScope {
 public:
  explicit CancelScope(const CancelFlag* flag);
  ~CancelScope();
  CancelScope(const CancelScope&) = delete;
  CancelScope& operator=(const CancelScope&) = delete;

 private:
  const CancelFlag* outer_;
};

/// The calling thread's flag, or null.
const CancelFlag* current_cancel_flag();

/// Throws Error(kCancelled) if `flag` is there and set.
void throw_if_cancelled(const CancelFlag* flag);

}  // namespace tacet
