// SPDX-License-Identifier: Apache-2.0
#pragma once
// A validated parameter set with everything precomputed from it.

#include <memory>
#include <mutex>

#include "ckks/parameters.h"
#include "ring/automorphism.h"

namespace tacet {

class SlotTransform;

/// Immutable; shared between threads.
class Context {
 public:
  /// Validates: degree 2^11..2^16 (2^4..2^16 unchecked), 1..64 chain primes, 0..16 special primes, all distinct, prime,
  /// below 2^50, 1 mod 2N (4N for CONJUGATE_INVARIANT); 1 <= digit size <= chain length; log scale 1..60; log2(QP) within the
  /// table. Throws Error(kInvalidArgument) with the numbers. `kept` as the Ring takes it.
  static std::shared_ptr<const Context> create(ParameterSpec spec, Ring::Tables kept = {});
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  const ParameterSpec& spec() const { return spec_; }
  const Ring& ring() const { return *ring_; }
  std::size_t n() const { return ring_->n(); }
  /// N/2 complex slots, or N real ones.
  std::size_t slots() const { return slot_count(*ring_); }
  bool real_slots() const { return ring_->type() == RingType::kConjugateInvariant; }
  int max_level() const { return ring_->max_level(); }
  double log2_q() const { return ring_->log2_q(max_level()); }
  double log2_qp() const { return log2_q() + ring_->log2_p(); }
  /// Made at first use: who evaluates programs alone needs none.
  const SlotTransform& slot_transform() const;

 private:
  Context(ParameterSpec spec, Ring::Tables kept);

  ParameterSpec spec_;
  std::unique_ptr<Ring> ring_;
  mutable std::once_flag slot_transform_made_;
  mutable std::unique_ptr<SlotTransform> slot_transform_;
};

}  // namespace tacet
