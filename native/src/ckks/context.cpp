// SPDX-License-Identifier: Apache-2.0
#include "ckks/context.h"

#include <cmath>

#include "ckks/slot_transform.h"
#include "util/error.h"

namespace tacet {
namespace {

void check_in(const char* what, long value, long low, long high) {
  if (value < low || value > high)
    fail(Code::kInvalidArgument, "%s is %ld; it must be in %ld..%ld", what, value, low, high);
}

void check(const ParameterSpec& spec) {
  if (spec.ring_type != RingType::kStandard && spec.ring_type != RingType::kConjugateInvariant) {
    fail(Code::kInvalidArgument, "ring type %d is unknown", static_cast<int>(spec.ring_type));
  }
  const bool unchecked = spec.security == Security::kUncheckedForTests;
  if (!unchecked && static_cast<int>(spec.security) > static_cast<int>(Security::kQuantum128)) {
    fail(Code::kInvalidArgument, "security level %d is unknown", static_cast<int>(spec.security));
  }
  check_in("log2 of the ring degree", spec.log_n, unchecked ? 4 : 11, 16);
  check_in("log2 of the scale", spec.log_scale, 1, 60);
  check_in("the number of chain primes", static_cast<long>(spec.q.size()), 1, 64);
  check_in("the number of special primes", static_cast<long>(spec.p.size()), 0, 16);
  check_in("the digit size", spec.digit_size, 1, static_cast<long>(spec.q.size()));
}

}  // namespace

Context::Context(ParameterSpec spec, Ring::Tables kept)
    : spec_(std::move(spec)),
      ring_(std::make_unique<Ring>(spec_.log_n, spec_.q, spec_.p, spec_.digit_size, spec_.ring_type,
                                   std::move(kept))) {}

Context::~Context() = default;

const SlotTransform& Context::slot_transform() const {
  std::call_once(slot_transform_made_,
                 [this] { slot_transform_ = std::make_unique<SlotTransform>(real_slots() ? spec_.log_n + 1 : spec_.log_n); });
  return *slot_transform_;
}

std::shared_ptr<const Context> Context::create(ParameterSpec spec, Ring::Tables kept) {
  check(spec);
  if (spec.security != Security::kUncheckedForTests) {
    double log_qp = 0;
    for (const auto* primes : {&spec.q, &spec.p}) {
      for (u64 prime : *primes) log_qp += prime == 0 ? 0 : std::log2(static_cast<double>(prime));
    }
    const int bound = max_log_qp(spec.log_n, spec.security);
    if (log_qp > bound) {
      fail(Code::kInvalidArgument,
           "log2(QP) = %.2f is above %d, the most that N = 2^%d allows for %s (eprint 2024/463, Table 5.2)", log_qp,
           bound, spec.log_n, security_name(spec.security));
    }
  }
  return std::shared_ptr<const Context>(new Context(std::move(spec), std::move(kept)));
}

}  // namespace tacet
