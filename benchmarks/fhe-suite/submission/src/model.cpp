// SPDX-License-Identifier: Apache-2.0
#include "model.h"

#include <cstring>

#include "serial/parameters_codec.h"
#include "serial/program_codec.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

constexpr u8 kIdentity = 0;  // operations of the tail (TailOp in Java)
constexpr u8 kArgMax = 18;
constexpr u8 kLabel = 20;

ClientModel read_client(const Instance& instance, const ArtifactSections& sections, Ring::Tables tables) {
  ClientModel model;
  model.context = Context::create(load_parameters(sections.parameters.data, sections.parameters.size), std::move(tables));
  model.signature = load_signature(*model.context, sections.signature.data, sections.signature.size);
  std::memcpy(&model.id, sections.signature.data + sections.signature.size - sizeof model.id, sizeof model.id);
  if (model.signature.inputs.size() != 1) {
    fail(Code::kUnsupported, "%s has %zu inputs, the workload has one", instance.model().c_str(),
         model.signature.inputs.size());
  }
  if (model.context->spec().security == Security::kUncheckedForTests) {
    fail(Code::kMalformed, "%s was compiled without a level of security", instance.model().c_str());
  }
  return model;
}

template <class Body>
auto naming_the_file(const Instance& instance, const Body& body) {
  const MappedFile file(instance.model());
  try {
    return body(open_artifact(file.data(), file.size()));
  } catch (Error& error) {
    error.text = instance.model().string() + ": " + error.text;
    throw;
  }
}

ServerModel load_server(const Instance& instance, Ring::Tables tables, Program (*load)(const Context&, const u8*, std::size_t)) {
  return naming_the_file(instance, [&](const ArtifactSections& sections) {
    ServerModel model{read_client(instance, sections, std::move(tables)), {}};
    model.program = load(*model.client.context, sections.program.data, sections.program.size);
    return model;
  });
}

}  // namespace

ClientModel load_client_model(const Instance& instance) {
  return naming_the_file(instance, [&](const ArtifactSections& sections) { return read_client(instance, sections, {}); });
}

ServerModel load_server_model(const Instance& instance) { return load_server(instance, {}, load_program); }

ServerModel load_prepared_model(const Instance& instance, Ring::Tables tables) {
  return load_server(instance, std::move(tables), load_outline);
}

std::size_t value_count(const Signature& signature) {
  std::size_t count = 0;
  for (const SignatureOutput& output : signature.outputs) {
    count += output.factor.size();
  }
  return count;
}

ClassRule class_rule(const Signature& signature) {
  if (signature.tail_outputs.size() != 1) {
    fail(Code::kUnsupported, "the model has %zu outputs, the workload has one class a row",
         signature.tail_outputs.size());
  }
  const std::string& wanted = signature.tail_outputs[0];
  ClassRule rule;
  std::string scores = wanted;
  bool has_margin = false;
  // From the model's output back to the decrypted values; "#class NAME" is how a signature says how the class in NAME
  // is chosen.
  for (auto node = signature.tail_nodes.rbegin(); node != signature.tail_nodes.rend(); ++node) {
    const bool choice = node->op == kArgMax || node->op == kLabel;
    if (choice && (node->output == wanted || node->output == "#class " + wanted)) {
      const bool last_of_equals = node->op == kArgMax && node->integers.size() == 2 && node->integers[1] == 1;
      if (!node->strings.empty() || last_of_equals) {
        fail(Code::kUnsupported, "the model's labels are not class numbers");
      }
      if (node->output == wanted) {
        scores = node->inputs.at(0);
      }
      if (node->op == kLabel) {
        rule.labels = node->integers;
      }
      if (!node->numbers.empty()) {
        rule.margin = node->numbers[0];
        has_margin = true;
      }
    } else if (node->op == kIdentity && node->output == scores) {
      scores = node->inputs.at(0);
    } else {
      fail(Code::kUnsupported,
           "the model ends with operation %u of the tail, the workload takes the index of the largest score", node->op);
    }
  }
  for (const SignatureOutput& output : signature.outputs) {
    if (output.kind != OutputKind::kValue) {
      continue;
    }
    if (output.name == scores) {
      rule.count = output.count;
      if (!has_margin) {
        rule.margin = 2 * output.error_bound;
      }
      break;
    }
    rule.first += output.count;
  }
  if (rule.count == 0 || (!rule.labels.empty() && rule.labels.size() != rule.count)) {
    fail(Code::kUnsupported, "the model's scores %s are not one of its encrypted outputs, one number a class",
         scores.c_str());
  }
  return rule;
}

}  // namespace tacet::suite
