// SPDX-License-Identifier: Apache-2.0
#include "program/executor.h"

#include <algorithm>
#include <chrono>
#include <set>
#include <string>

#include "ckks/evaluator.h"
#include "program/checker.h"
#include "rlwe/rerandomise.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {

namespace {

using Value = std::vector<std::shared_ptr<const Ciphertext>>;  // the elements of an array

u64 now_nanos() {
  return static_cast<u64>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch()).count());
}

void check_input(const Context& context, const ValueType& type, const Ciphertext& given, u32 index, u32 element) {
  if (given.encoding != type.encoding || given.level != type.level || given.size() != type.components ||
      given.scale != type.scale) {
    const std::string place = type.length == 1 ? "" : ", element " + std::to_string(element);
    fail(Code::kInvalidArgument,
         "input %u%s: encoding %d, level %d, %d components, scale %s; the program takes encoding %d, level %d, %d components, "
         "scale %s",
         index, place.c_str(), static_cast<int>(given.encoding), given.level, given.size(), given.scale.text(context.ring()).c_str(),
         static_cast<int>(type.encoding), type.level, type.components, type.scale.text(context.ring()).c_str());
  }
}

/// Whether an operation takes less time than waking another thread for it does: element-wise ones on few words.
bool is_light(const Context& context, const Instruction& op) {
  constexpr u64 kFewWords = u64{1} << 14;  // some 3 microseconds; a thread that sleeps is back after tens of them
  switch (op.opcode) {
    case Opcode::kInput:
    case Opcode::kOutput: return true;
    case Opcode::kAdd:
    case Opcode::kSub:
    case Opcode::kNegate:
    case Opcode::kAddPlain:
    case Opcode::kAddScalar:
    case Opcode::kMultiplyPlain:
    case Opcode::kMultiplyScalar:
    case Opcode::kDropLevel:
    case Opcode::kExtract:
      return op.type.length == 1 &&
             context.n() * static_cast<u64>(op.type.components) * static_cast<u64>(op.type.level + 1) <= kFewWords;
    default: return false;
  }
}

}  // namespace

/// One run: the values alive, and which operations are ready.
///
/// Operations are taken in waves of the same opcode, lowest id first, never more than the pool has threads: a wave of
/// one leaves the pool to the limbs inside the operation, a larger one runs its operations side by side (the loops
/// inside them are then inline), unless all of them are too small to wake a thread for. Taking the lowest ids first keeps
/// the number of values alive close to the program order's. All rotations of one value are one unit of work, however many
/// there are. An operation on an array is a wave by itself, its elements run side by side.
class Run {
 public:
  Run(const ExecutableProgram& executable, std::shared_ptr<const EvaluationKeySet> keys, const CancelFlag* cancel,
      const SecretSeed* randomness)
      : executable_(executable),
        program_(executable.program()),
        fusion_(executable.fusion_),
        evaluator_(executable.context(), std::move(keys)),
        cancel_(cancel),
        randomness_(randomness),
        values_(program_.instructions.size()),
        uses_left_(program_.instructions.size()),
        waiting_for_(program_.instructions.size()),
        ready_(fusion_.first.begin(), fusion_.first.end()) {
    result_.outputs.resize(executable.output_at_.back());
    result_.layer_nanos.resize(program_.layers.size());
    for (u32 id = 0; id < program_.instructions.size(); ++id) {
      uses_left_[id] = static_cast<u32>(fusion_.users[id].size());
      waiting_for_[id] = static_cast<u32>(fusion_.arguments[id].size());
    }
  }

  RunResult run(const std::vector<const Ciphertext*>& inputs) {
    const CancelScope scope(cancel_);
    const u64 asked = now_nanos();
    const ThreadPool::Seat seat(pool());
    charged_until_ += now_nanos() - asked;  // no layer's
    inputs_ = &inputs;
    while (!ready_.empty()) {
      poll_cancel();
      step();
    }
    return std::move(result_);
  }

 private:
  using Unit = std::vector<u32>;  // one op, or all ready rotations of one value

  void poll_cancel() const {
    if (cancel_ == nullptr || cancel_->load(std::memory_order_relaxed) == 0) return;
    const Instruction& next = program_.instructions[*ready_.begin()];
    fail(Code::kCancelled, "%s, before layer %s", progress().c_str(), program_.layers[next.layer].c_str());
  }

  std::string progress() const {
    return "cancelled after " + std::to_string(done_) + " of " + std::to_string(program_.instructions.size()) + " operations";
  }

  /// Takes the next wave from the ready operations.
  std::vector<Unit> take_wave() {
    std::vector<Unit> wave;
    const Opcode opcode = program_.instructions[*ready_.begin()].opcode;
    for (auto next = ready_.begin(); next != ready_.end();) {
      const Instruction& op = program_.instructions[*next];
      if (op.opcode != opcode || (op.type.length > 1 && !wave.empty())) {
        ++next;
        continue;
      }
      if (opcode == Opcode::kRotate && op.type.length == 1) {
        const auto same = std::find_if(wave.begin(), wave.end(), [&](const Unit& unit) {
          return program_.instructions[unit[0]].arguments[0] == op.arguments[0];
        });
        if (same != wave.end()) {
          same->push_back(*next);
          next = ready_.erase(next);
          continue;
        }
      }
      if (wave.size() == pool().size()) {
        if (opcode != Opcode::kRotate) break;
        ++next;
        continue;
      }
      wave.push_back({*next});
      next = ready_.erase(next);
      if (op.type.length > 1) break;  // its elements share the pool
    }
    return wave;
  }

  void step() {
    const std::vector<Unit> wave = take_wave();
    std::vector<u64> nanos(wave.size());
    const auto execute = [&](std::size_t k) {
      const u64 begin = now_nanos();
      execute_unit(wave[k]);
      nanos[k] = now_nanos() - begin;
    };
    const auto light = [&](const Unit& unit) { return is_light(*executable_.context(), program_.instructions[unit[0]]); };
    if (wave.size() == 1 || std::all_of(wave.begin(), wave.end(), light)) {
      for (std::size_t k = 0; k < wave.size(); ++k) execute(k);
    } else {
      pool().parallel_for(wave.size(), execute);
    }
    for (const Unit& unit : wave) {
      for (const u32 id : unit) finish(id);
    }
    charge(wave, nanos);
  }

  /// Shares the wall time since the last wave ended among the layers of this one, in proportion to what their operations took.
  void charge(const std::vector<Unit>& wave, const std::vector<u64>& nanos) {
    const u64 now = now_nanos();
    const u64 wall = now - charged_until_;
    charged_until_ = now;
    double total = 0;
    for (const u64 each : nanos) total += static_cast<double>(each) + 1;
    for (std::size_t k = 0; k < wave.size(); ++k) {
      const double share = (static_cast<double>(nanos[k]) + 1) / total / static_cast<double>(wave[k].size());
      for (const u32 id : wave[k]) {
        result_.layer_nanos[program_.instructions[id].layer] += static_cast<u64>(share * static_cast<double>(wall));
      }
    }
  }

  void finish(u32 id) {
    done_ += operations_in(id);
    for (const u32 user : fusion_.users[id]) {
      if (--waiting_for_[user] == 0) ready_.insert(user);
    }
    for (const u32 argument : fusion_.arguments[id]) {
      if (--uses_left_[argument] == 0) values_[argument].clear();
    }
    if (uses_left_[id] == 0) values_[id].clear();
  }

  /// 1 and the operations that it absorbs.
  std::size_t operations_in(u32 id) const {
    switch (fusion_.kinds[id]) {
      case Fused::kMultiplyRelinearizeRescale: return 3;
      case Fused::kMultiplyRelinearize:
      case Fused::kRelinearizeRescale: return 2;
      case Fused::kRaised: return fusion_.parts[id].size();
      default: return 1;
    }
  }

  const Ciphertext& argument(u32 id, std::size_t k, std::size_t element) const {
    return *values_[fusion_.arguments[id][k]][element];
  }

  void execute_unit(const Unit& unit) {
    try {
      if (unit.size() > 1) {
        rotate_together(unit);
        return;
      }
      const Instruction& op = program_.instructions[unit[0]];
      switch (op.opcode) {
        case Opcode::kInput: take_input(unit[0], op); break;
        case Opcode::kOutput: give_output(unit[0], op); break;
        case Opcode::kMatrixProduct: multiply_matrix(unit[0], op); break;
        default: apply_to_elements(unit[0], op);
      }
    } catch (Error& error) {
      const Instruction& op = program_.instructions[unit[0]];
      const std::string place =
          "op " + std::to_string(unit[0]) + " (" + op_info(op.opcode).name + ", layer " + program_.layers[op.layer] + ")";
      error.text = error.code == Code::kCancelled ? progress() + ", in " + place : place + ": " + error.text;
      throw;
    }
  }

  void take_input(u32 id, const Instruction& op) {
    for (u32 e = 0; e < op.type.length; ++e) {
      const Ciphertext& given = *(*inputs_)[executable_.input_at_[op.index] + e];
      values_[id].emplace_back(std::shared_ptr<const Ciphertext>(), &given);  // borrowed: inputs outlive the run
    }
  }

  void give_output(u32 id, const Instruction& op) {
    const bool borrowed = program_.instructions[op.arguments[0]].opcode == Opcode::kInput;
    for (u32 e = 0; e < op.type.length; ++e) {
      result_.outputs[executable_.output_at_[op.index] + e] =
          borrowed ? std::make_shared<Ciphertext>(argument(id, 0, e)) : values_[op.arguments[0]][e];
    }
  }

  void multiply_matrix(u32 id, const Instruction& op) {
    std::vector<const Ciphertext*> x;
    for (const auto& element : values_[op.arguments[0]]) x.push_back(element.get());
    for (Ciphertext& row : executable_.products_[id]->apply(x)) {
      values_[id].push_back(std::make_shared<Ciphertext>(std::move(row)));
    }
  }

  void apply_to_elements(u32 id, const Instruction& op) {
    Value made(op.type.length);
    pool().parallel_for(made.size(), [&](std::size_t e) { made[e] = std::make_shared<Ciphertext>(apply(id, op, e)); });
    values_[id] = std::move(made);
  }

  void rotate_together(const Unit& unit) {
    std::vector<i64> steps;
    for (const u32 id : unit) steps.push_back(program_.instructions[id].steps);
    std::vector<Ciphertext> rotated = evaluator_.rotate_hoisted(argument(unit[0], 0, 0), steps);
    for (std::size_t k = 0; k < unit.size(); ++k) values_[unit[k]] = {std::make_shared<Ciphertext>(std::move(rotated[k]))};
  }

  /// Everything times P until the end.
  Ciphertext apply_raised(u32 id, const Ciphertext& x) const {
    const LinearTransform& transform = *executable_.transforms_[fusion_.parts[id].front()];
    RaisedPair total = transform.apply_raised(evaluator_, x);
    for (const u32 part : fusion_.parts[id]) {
      const Instruction& op = program_.instructions[part];
      if (op.opcode == Opcode::kRotateSum) evaluator_.rotate_sum(total, x.level, op.stride, op.count);
    }
    return evaluator_.lowered(total, x.level, x.scale * transform.plain_scale(), program_.instructions[id].opcode == Opcode::kRescale);
  }

  Ciphertext apply(u32 id, const Instruction& op, std::size_t element) const {
    const Ciphertext& x = argument(id, 0, element);
    switch (fusion_.kinds[id]) {
      case Fused::kRaised: return apply_raised(id, x);
      case Fused::kMultiplyRelinearize: return evaluator_.multiply_relinearize(x, argument(id, 1, element));
      case Fused::kRelinearizeRescale: return evaluator_.relinearize_rescale(x);
      case Fused::kMultiplyRelinearizeRescale: return evaluator_.multiply_relinearize_rescale(x, argument(id, 1, element));
      default: break;
    }
    switch (op.opcode) {
      case Opcode::kAdd: return evaluator_.add(x, argument(id, 1, element));
      case Opcode::kAddPlain: return evaluator_.add_plain(x, *executable_.plaintexts_[id]);
      case Opcode::kAddScalar: return evaluator_.add_scalar(x, op.scalar);
      case Opcode::kComplex: return evaluator_.complex(x, argument(id, 1, element));
      case Opcode::kFlood:
        return rerandomise(executable_.context()->ring(), x, argument(id, 1, element), static_cast<int>(op.scalar), *randomness_, id);
      case Opcode::kSub: return evaluator_.subtract(x, argument(id, 1, element));
      case Opcode::kNegate: return evaluator_.negate(x);
      case Opcode::kMultiply: return evaluator_.multiply(x, argument(id, 1, element));
      case Opcode::kSquare: return evaluator_.square(x);
      case Opcode::kMultiplyPlain: return evaluator_.multiply_plain(x, *executable_.plaintexts_[id]);
      case Opcode::kMultiplyScalar: return evaluator_.multiply_scalar(x, op.scalar, op.plain_scale);
      case Opcode::kRotate: return evaluator_.rotate(x, op.steps);
      case Opcode::kRotateSum: return evaluator_.rotate_sum(x, op.stride, op.count);
      case Opcode::kRotateMean: return evaluator_.rotate_mean(x, op.stride, op.count);
      case Opcode::kConjugate: return evaluator_.conjugate(x);
      case Opcode::kLinearTransform: return executable_.transforms_[id]->apply(evaluator_, x);
      case Opcode::kPolynomial: {
        const auto& polynomial = std::get<PolynomialConstant>(program_.constants[op.constant]);
        return evaluate_polynomial(evaluator_, x, polynomial.basis, polynomial.coefficients.data(),
                                   polynomial.coefficients.size() - 1, op.type.scale);
      }
      case Opcode::kRelinearize: return evaluator_.relinearize(x);
      case Opcode::kRescale: return evaluator_.rescale(x);
      case Opcode::kDropLevel: return evaluator_.drop_level(x, op.type.level);
      case Opcode::kExtract: return evaluator_.extract(x, std::get<IndexesConstant>(program_.constants[op.constant]).indexes);
      default: fail(Code::kInternal, "op %u: %s passed the checker and cannot run", id, op_info(op.opcode).name);
    }
  }

  u64 charged_until_ = now_nanos();
  const ExecutableProgram& executable_;
  const Program& program_;
  const FusionPlan& fusion_;
  const Evaluator evaluator_;
  const CancelFlag* cancel_;
  const SecretSeed* randomness_;
  const std::vector<const Ciphertext*>* inputs_ = nullptr;
  std::vector<Value> values_;
  std::vector<u32> uses_left_;
  std::vector<u32> waiting_for_;
  std::set<u32> ready_;
  std::size_t done_ = 0;
  RunResult result_;
};

RunResult ExecutableProgram::run(std::shared_ptr<const EvaluationKeySet> keys, const std::vector<const Ciphertext*>& inputs,
                                 const CancelFlag* cancel, const SecretSeed* randomness) const {
  if (inputs.size() != input_at_.back()) {
    fail(Code::kInvalidArgument, "%zu inputs, the program takes %zu", inputs.size(), input_at_.back());
  }
  for (const Instruction& op : program_.instructions) {
    if (op.opcode != Opcode::kInput) continue;
    for (u32 e = 0; e < op.type.length; ++e) check_input(*context_, op.type, *inputs[input_at_[op.index] + e], op.index, e);
  }
  if (!required_keys_.empty()) {
    if (keys == nullptr) keys = std::make_shared<EvaluationKeySet>();
    check_keys(required_keys_, *keys);
  }
  if (randomness == nullptr && floods()) fail(Code::kInvalidArgument, "the program floods its answers and was given no randomness");
  return Run(*this, std::move(keys), cancel, randomness).run(inputs);
}

bool ExecutableProgram::floods() const {
  return std::any_of(program_.instructions.begin(), program_.instructions.end(),
                     [](const Instruction& op) { return op.opcode == Opcode::kFlood; });
}

}  // namespace tacet
