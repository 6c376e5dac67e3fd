// SPDX-License-Identifier: Apache-2.0
#pragma once
// What the server prepares once for a set of keys: expanded evaluation keys, encoded constants and tables, in the form in
// which the engine reads them, so that the compute stage maps the file and starts.

#include <map>

#include "bundle.h"
#include "program/executor.h"
#include "rlwe/keys.h"

namespace tacet::suite {

/// Blocks of memory: how many of each size in bytes.
using Blocks = std::map<std::size_t, std::size_t>;

/// What one run of the program takes from the system, seen at a run on zeros. Frees what the process has cached.
Blocks blocks_of_a_run(const ExecutableProgram& program, const std::vector<EvaluationKey>& keys);

/// Writes the file: for its owner alone to read, whole or not at all. `blocks` are had ready when it is read.
void write_prepared(const Instance& instance, const ClientModel& model, const Tag& tag,
                    const std::vector<EvaluationKey>& keys, const ExecutableProgram& program, const Blocks& blocks);

struct PreparedTable;

/// The server's program and keys over a mapped file.
///
/// The file is the server's own, written by it and readable by it alone. Its table is checked: checksum, model, and the
/// number and size of every part. The words of the parts are not summed, which would take longer than the computation:
/// a damaged word gives an answer that the client's checks refuse.
class Prepared {
 public:
  explicit Prepared(const Instance& instance);

  const ClientModel& model() const { return model_; }
  const ExecutableProgram& program() const { return *program_; }
  std::shared_ptr<const EvaluationKeySet> keys() const { return keys_; }
  const Tag& tag() const { return tag_; }
  std::size_t bytes() const { return file_.size(); }

 private:
  void load(const Instance& instance, const PreparedTable& table);

  MappedFile file_;
  ClientModel model_;
  Tag tag_;
  std::shared_ptr<EvaluationKeySet> keys_;
  std::shared_ptr<const ExecutableProgram> program_;
};

}  // namespace tacet::suite
