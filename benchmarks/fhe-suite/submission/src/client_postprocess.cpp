// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include "bundle.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

void label(const Instance& instance) {
  remove_old(instance.predictions());
  const ClientModel model = load_client_model(instance);
  const ClassRule rule = class_rule(model.signature);
  const std::size_t values = value_count(model.signature);
  const MappedFile request(instance.expected());
  const FileHeader expected = read_header(request, instance.expected(), FileKind::kRequest, model.id);
  FileHeader header;
  const std::vector<double> all =
      read_numbers(instance.scores(), FileKind::kScores, model.id, instance.rows, values, &header);
  if (header.request != expected.request) {
    fail(Code::kMalformed, "%s belongs to another request", instance.scores().c_str());
  }
  std::string lines;
  std::size_t undecided = 0;
  for (std::size_t row = 0; row < instance.rows; ++row) {
    const double* scores = all.data() + row * values + rule.first;
    const std::size_t best = static_cast<std::size_t>(std::max_element(scores, scores + rule.count) - scores);
    for (std::size_t k = 0; k < rule.count; ++k) {
      if (k != best && scores[best] - scores[k] <= rule.margin) {
        ++undecided;
        break;
      }
    }
    lines += std::to_string(rule.labels.empty() ? static_cast<i64>(best) : rule.labels[best]) + "\n";
  }
  NewFile file(instance.predictions(), Access::kAll);
  file.write(lines.data(), lines.size());
  file.commit();
  if (undecided > 0) {
    say("client", "%zu of %zu labels are within the error bound of another", undecided, instance.rows);
  }
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::label); }
