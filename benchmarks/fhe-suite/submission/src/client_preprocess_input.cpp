// SPDX-License-Identifier: Apache-2.0
#include <charconv>
#include <string>

#include "bundle.h"
#include "util/error.h"

namespace tacet::suite {
namespace {

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/// The numbers of the harness's file: one image a line, separated by blanks, each 0..1. Errors name line and column.
std::vector<double> read_pixels(const fs::path& path, std::size_t rows, std::size_t columns) {
  const MappedFile file(path);
  const char* at = reinterpret_cast<const char*>(file.data());
  const char* const end = at + file.size();
  std::vector<double> pixels;
  pixels.reserve(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t column = 0; column < columns; ++column) {
      while (at < end && is_space(*at)) {
        ++at;
      }
      double value = 0;
      const std::from_chars_result result = std::from_chars(at, end, value);
      if (result.ec != std::errc() || !(value >= 0 && value <= 1)) {
        fail(Code::kMalformed, "%s, line %zu, column %zu: not a number from 0 to 1", path.c_str(), row + 1, column + 1);
      }
      at = result.ptr;
      pixels.push_back(value);
    }
    while (at < end && is_space(*at)) {
      ++at;
    }
    if (at < end && *at != '\n') {
      fail(Code::kMalformed, "%s, line %zu: more than %zu numbers", path.c_str(), row + 1, columns);
    }
    if (at < end) {
      ++at;
    }
  }
  while (at < end && (is_space(*at) || *at == '\n')) {
    ++at;
  }
  if (at != end) {
    fail(Code::kMalformed, "%s: more than %zu lines", path.c_str(), rows);
  }
  return pixels;
}

/// The harness's pixels are 0..1, the model's are grey levels.
constexpr double kGreyLevels = 255;

void preprocess(const Instance& instance) {
  remove_old(instance.features());
  const ClientModel model = load_client_model(instance);
  const SignatureInput& input = model.input();
  std::vector<double> features = read_pixels(instance.pixels(), instance.rows, input.features);
  for (double& feature : features) {
    feature *= kGreyLevels;
  }
  FileHeader header;
  header.kind = FileKind::kFeatures;
  header.model = model.id;
  header.items = instance.rows;
  header.item_size = input.features;
  write_numbers(instance.features(), header, features);
}

}  // namespace
}  // namespace tacet::suite

int main(int argc, char** argv) { return tacet::suite::run_stage(argc, argv, tacet::suite::preprocess); }
