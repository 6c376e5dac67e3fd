// SPDX-License-Identifier: Apache-2.0
#include "program/fusion.h"

namespace tacet {

FusionPlan plan_fusion(const Program& program) {
  const std::size_t count = program.instructions.size();
  FusionPlan plan{std::vector<Fused>(count, Fused::kNo), {}, std::vector<std::vector<u32>>(count), std::vector<std::vector<u32>>(count), {}};
  std::vector<std::size_t> users(count, 0);
  for (const Instruction& op : program.instructions) {
    plan.arguments.push_back(op.arguments);
    for (const u32 argument : op.arguments) ++users[argument];
  }
  // Takes over the arguments of `from`, its only argument.
  const auto absorb = [&](u32 id, u32 from, Fused kind) {
    plan.kinds[id] = kind;
    plan.arguments[id] = plan.arguments[from];
    plan.kinds[from] = Fused::kAbsorbed;
    plan.arguments[from].clear();
  };
  for (u32 id = 0; id < count; ++id) {
    const Instruction& op = program.instructions[id];
    if (op.opcode != Opcode::kRelinearize && op.opcode != Opcode::kRescale && op.opcode != Opcode::kRotateSum) continue;
    const u32 from = op.arguments[0];
    const Opcode before = program.instructions[from].opcode;
    if (users[from] != 1) continue;
    if (op.opcode != Opcode::kRelinearize && (before == Opcode::kLinearTransform || plan.kinds[from] == Fused::kRaised)) {
      if (before == Opcode::kRescale || op.layer != program.instructions[from].layer) continue;
      plan.parts[id] = plan.parts[from].empty() ? std::vector<u32>{from} : plan.parts[from];
      plan.parts[id].push_back(id);
      plan.parts[from].clear();
      absorb(id, from, Fused::kRaised);
      continue;
    }
    if (op.opcode == Opcode::kRotateSum) continue;
    if (op.opcode == Opcode::kRelinearize) {
      if (before == Opcode::kMultiply) absorb(id, from, Fused::kMultiplyRelinearize);
      if (before == Opcode::kSquare) {
        absorb(id, from, Fused::kMultiplyRelinearize);
        plan.arguments[id].push_back(plan.arguments[id][0]);
      }
    } else if (before == Opcode::kRelinearize) {
      const bool product = plan.kinds[from] == Fused::kMultiplyRelinearize;
      absorb(id, from, product ? Fused::kMultiplyRelinearizeRescale : Fused::kRelinearizeRescale);
    }
  }
  for (u32 id = 0; id < count; ++id) {
    if (plan.kinds[id] == Fused::kAbsorbed) continue;
    for (const u32 argument : plan.arguments[id]) plan.users[argument].push_back(id);
    if (plan.arguments[id].empty()) plan.first.push_back(id);
  }
  return plan;
}

}  // namespace tacet
