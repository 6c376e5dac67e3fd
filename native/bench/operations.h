// SPDX-License-Identifier: Apache-2.0
#pragma once
// The operations that are measured, on one parameter set.

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ckks/context.h"
#include "options.h"
#include "work_model.h"

namespace tacet::bench {

/// One operation, ready to be called again and again.
struct Operation {
  std::string name;
  /// For "cycles per element": residues of the operand; slots for encode and decode; multiply-accumulates for matrix products.
  double elements = 0;
  Work work;
  std::function<void()> run;
  std::function<void()> base = nullptr;  ///< if set, the operation is what `run` takes longer than this, ..
  int parts = 1;                         ///< .. divided by this
  std::optional<double> max_error = std::nullopt;  ///< largest error of a slot after the operation, slots in [-1, 1]
  std::optional<std::size_t> bytes = std::nullopt; ///< serialized size of what it makes
};

/// Keys and ciphertexts of one parameter set. Operations are made one at a time, since the keys and matrices of some fill memory.
class Bench {
 public:
  Bench(const ChainBits& bits, RingType ring_type);
  ~Bench();

  /// All names, in the order of measuring.
  static const std::vector<std::string>& names();

  /// Throws Error(kInvalidArgument) for a name that is none, Error(kUnsupported) saying why if this set cannot do it.
  Operation make(const std::string& name);

  /// Frees what the last operation made; call outside the clock.
  void discard();
  /// Forgets the operation's keys and matrices.
  void reset();

  const Context& context() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tacet::bench
