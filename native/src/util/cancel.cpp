// SPDX-License-Identifier: Apache-2.0
#include "util/cancel.h"

#include "util/error.h"

namespace tacet {

namespace {
thread_local const CancelFlag* current = nullptr;
}

CancelScope::CancelScope(const CancelFlag* flag) : outer_(current) { current = flag; }

CancelScope::~CancelScope() { current = outer_; }

const CancelFlag* current_cancel_flag() { return current; }

void throw_if_cancelled(const CancelFlag* flag) {
  if (flag != nullptr && flag->load(std::memory_order_relaxed) != 0) fail(Code::kCancelled, "cancelled");
}

}  // namespace tacet
