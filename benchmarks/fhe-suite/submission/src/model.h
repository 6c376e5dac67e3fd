// SPDX-License-Identifier: Apache-2.0
#pragma once
// The compiled model as the stages see it.

#include <array>
#include <memory>

#include "files.h"
#include "program/program.h"
#include "serial/signature_codec.h"

namespace tacet::suite {

/// What the client knows: parameters and signature. `id` is the signature's checksum: files of another model carry
/// another.
struct ClientModel {
  std::shared_ptr<const Context> context;
  Signature signature;
  u32 id = 0;

  const SignatureInput& input() const { return signature.inputs[0]; }
};

/// What the server knows beside that.
struct ServerModel {
  ClientModel client;
  Program program;
};

/// All read the instance's model and throw Error(kMalformed) with the path. A model must have one input.
ClientModel load_client_model(const Instance& instance);
ServerModel load_server_model(const Instance& instance);
/// With an outline of the program, for a model whose encoded constants were kept; `tables` are the kept transform tables of its ring.
ServerModel load_prepared_model(const Instance& instance, Ring::Tables tables);

/// Which of a row's decrypted values is its class, by the tail of the signature: the largest value of one output, as
/// the class number or the label at that index.
struct ClassRule {
  std::size_t first = 0;  ///< the scores' place among all values of a row
  std::size_t count = 0;
  std::vector<i64> labels;  ///< empty: the index is the label
  double margin = 0;        ///< two scores closer than this may change places within the error bounds
};

/// Throws Error(kUnsupported) naming the tail's operation if it is another one.
ClassRule class_rule(const Signature& signature);

/// Numbers of a row over all VALUE outputs.
std::size_t value_count(const Signature& signature);

}  // namespace tacet::suite
