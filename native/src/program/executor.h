// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <vector>

#include "circuits/linear_transform.h"
#include "circuits/matrix_product.h"
#include "program/fusion.h"
#include "program/program.h"
#include "util/cancel.h"

namespace tacet {

/// What a run gives back.
struct RunResult {
  std::vector<std::shared_ptr<const Ciphertext>> outputs;  // by output index, arrays element after element
  std::vector<u64> layer_nanos;                            // by layer; the sum is the run's wall time less its wait for a seat
};

/// Encoded constants that were kept (ExecutableProgram::encoded_constants()) and outlive what is made of them.
struct EncodedConstants {
  /// The residues of a plaintext.
  struct Plain {
    const u64* data;
    std::size_t size;
  };
  std::vector<DiagonalWords> diagonals;  ///< of the distinct linear transforms, in the order of the operations
  std::vector<Plain> plaintexts;         ///< the distinct ones of sums and products with constants, likewise

  bool empty() const { return diagonals.empty() && plaintexts.empty(); }
};

/// A checked program with its constants encoded: immutable, shared by any number of concurrent runs.
class ExecutableProgram {
 public:
  /// Checks the program, then encodes its constants on the thread pool; diagonals as small integers (slower, several times
  /// smaller) where all constants would otherwise take more than a quarter of the machine's memory. Raises what check_program() raises, and
  /// Code::kOutOfMemory when the encoded constants would take more than three quarters of the machine's memory.
  /// `kept`, if not empty, is what encoded_constants() of the same program gave; its words must be trusted and outlive the program.
  static std::shared_ptr<const ExecutableProgram> create(std::shared_ptr<const Context> context, Program program,
                                                         const EncodedConstants& kept = {});

  /// All constants but those of matrix products; they are the program's.
  EncodedConstants encoded_constants() const;

  /// Runs the program in one call. Inputs come by index, arrays element after element, and must have just the declared types
  /// (Code::kInvalidArgument with the numbers otherwise); all keys are looked up first (Code::kMissingKey). Rotations of one
  /// value share a decomposition, independent operations and the elements of an array run in parallel, products are relinearized
  /// and rescaled in one go where nothing else uses what is in between, a value is freed at its last use. `cancel` (nullable) is
  /// polled between operations and in the loops inside them: Code::kCancelled, naming the layer that was reached. A program that
  /// floods() needs `randomness`, fresh for each run.
  RunResult run(std::shared_ptr<const EvaluationKeySet> keys, const std::vector<const Ciphertext*>& inputs,
                const CancelFlag* cancel, const SecretSeed* randomness = nullptr) const;

  /// Whether it hides the model from who gets its answers.
  bool floods() const;

  const Program& program() const { return program_; }
  const std::shared_ptr<const Context>& context() const { return context_; }
  const std::map<u32, int>& keys() const { return required_keys_; }

  /// Bytes of the encoded constants.
  std::size_t bytes() const { return bytes_; }

 private:
  friend class Run;

  ExecutableProgram(std::shared_ptr<const Context> context, Program program);
  void encode_constants(const EncodedConstants& kept);
  LinearTransform encode_transform(const Instruction& op, const DiagonalWords& kept) const;
  Plaintext encode_plain(const Instruction& op, const Encoder& encoder) const;
  Plaintext kept_plain(const Instruction& op, const EncodedConstants::Plain& kept) const;

  std::shared_ptr<const Context> context_;
  Program program_;
  std::map<u32, int> required_keys_;
  DiagonalForm form_ = DiagonalForm::kResidues;
  FusionPlan fusion_;
  std::vector<std::shared_ptr<const Plaintext>> plaintexts_;       // by op id; null where there is none
  std::vector<std::shared_ptr<const LinearTransform>> transforms_;  // by op id; null where there is none
  std::vector<std::shared_ptr<const MatrixProduct>> products_;     // by op id; null where there is none
  std::vector<std::size_t> input_at_;   // by input index: the place of its first ciphertext; then their number
  std::vector<std::size_t> output_at_;  // likewise
  std::size_t bytes_ = 0;
};

}  // namespace tacet
