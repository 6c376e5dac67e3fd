// SPDX-License-Identifier: Apache-2.0
#include "work_model.h"

#include <algorithm>

namespace tacet::bench {
namespace {

/// Instructions for one residue pair, product, and so on; `all` includes `multiply`.
struct Cost {
  double multiply;
  double all;
};

/// One instruction set: how many residues an instruction holds, its rates, and what each unit of work takes in it.
struct Machine {
  double lanes;
  double multiply_rate;
  double all_rate;
  Cost butterfly;
  Cost product;
  Cost term;
  Cost small_term;
  double cipher_word;  ///< instructions for one 64-bit word of ChaCha20: a block is 8 words and 960 operations of 32 bits
};

Machine machine_of(const std::string& kernels, const MachineLimits& limits) {
  // A constant factor takes three multiplications (quotient, low product, low correction), a product of two residues four.
  if (kernels == "avx512ifma") return {8, limits.ifma512, limits.add512, {3, 5}, {4, 5}, {2, 2}, {1, 1}, 960.0 / 16 / 8};
  // Doubles: high product, its error, quotient, correction; rounding costs two additions.
  if (kernels == "avx2") return {4, limits.fma256, limits.add256, {4, 8}, {5, 8}, {3, 4}, {1, 2}, 960.0 * 5 / 3 / 8 / 8};
  return {1, limits.multiply64, limits.add64, {3, 6}, {4, 7}, {1, 3}, {1, 2}, 960.0 / 8};
}

}  // namespace

Work& Work::transforms(double count, double n, int log_n) {
  butterflies += count * n / 2 * log_n;
  return *this;
}

double least_time(const Work& work, const std::string& kernels, const MachineLimits& limits) {
  const Machine m = machine_of(kernels, limits);
  double multiplies = 0, all = work.flops / m.lanes;
  const auto add = [&](double count, const Cost& cost) {
    multiplies += count / m.lanes * cost.multiply;
    all += count / m.lanes * cost.all;
  };
  add(work.butterflies, m.butterfly);
  add(work.products, m.product);
  add(work.terms, m.term);
  add(work.small_terms, m.small_term);
  all += work.random_words * m.cipher_word;
  const double arithmetic = std::max(multiplies / m.multiply_rate, all / m.all_rate);
  return std::max(arithmetic, work.bytes / limits.read_rate(work.bytes));
}

}  // namespace tacet::bench
