// SPDX-License-Identifier: Apache-2.0
#pragma once
// Which neighbouring operations of a program run as one.

#include <vector>

#include "program/program.h"

namespace tacet {

/// What an operation computes once those before it that only it uses are part of it.
enum class Fused : u8 {
  kNo,                          ///< itself
  kAbsorbed,                    ///< nothing: its only user computes it
  kMultiplyRelinearize,         ///< a relinearize with its multiply or square
  kRelinearizeRescale,          ///< a rescale with its relinearize
  kMultiplyRelinearizeRescale,  ///< a rescale with both
  kRaised,                      ///< a rescale or rotate sum with the linear transform before it, and what rotate sums lie between
};

/// By operation: how it runs, and the values that it takes in place of the ones that it absorbs.
struct FusionPlan {
  std::vector<Fused> kinds;
  std::vector<std::vector<u32>> arguments;
  std::vector<std::vector<u32>> parts;  ///< of kRaised: the operations in their order, the last one is itself
  std::vector<std::vector<u32>> users;  ///< who takes its value, once for each time; none of what is absorbed
  std::vector<u32> first;               ///< operations that wait for nothing, ascending
};

/// Joins multiply (or square), relinearize and rescale, and linear transform, rotate sum and rescale of one layer, where each value in
/// between has one user.
FusionPlan plan_fusion(const Program& program);

}  // namespace tacet
