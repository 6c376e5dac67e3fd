// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <algorithm>
#include <cstdlib>
#include <map>
#include <numeric>

#include "math/primes.h"
#include "util/error.h"

namespace tacet::bench {
namespace {

constexpr int kMaxBits = 50;

/// The parts between separators, empty ones too: one more than there are separators.
std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

int integer(const std::string& option, const std::string& text, int low, int high) {
  char* end = nullptr;
  const long value = std::strtol(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || value < low || value > high) {
    fail(Code::kInvalidArgument, "%s: \"%s\" is not a number in %d..%d", option.c_str(), text.c_str(), low, high);
  }
  return static_cast<int>(value);
}

std::vector<int> integers(const std::string& option, const std::string& text, int low, int high) {
  std::vector<int> out;
  for (const std::string& part : split(text, ',')) out.push_back(integer(option, part, low, high));
  return out;
}

std::vector<int> repeated(int first, int count, int bits) {
  std::vector<int> out{first};
  out.insert(out.end(), static_cast<std::size_t>(count), bits);
  return out;
}

/// 49, then 48 and 49 in turn: 1310 bits in 27 primes.
std::vector<int> chain_of_1310() {
  std::vector<int> out{49};
  for (int i = 0; i < 13; ++i) {
    out.push_back(48);
    out.push_back(49);
  }
  return out;
}

}  // namespace

ChainBits chain_of(int log_n, int log_q, RingType ring_type) {
  if (log_n == 14 && log_q == 340) return {14, 340, repeated(46, 7, 42), {45, 45}, 42};
  if (log_n == 15 && log_q == 740) return {15, 740, repeated(43, 17, 41), {42, 42, 42}, 41};
  if (log_n == 16 && log_q == 1310) return {16, 1310, chain_of_1310(), std::vector<int>(7, 50), 48};
  const int budget = max_log_qp(log_n, Security::kClassical128) - log_q;
  const int smallest = log_n + (ring_type == RingType::kStandard ? 8 : 9);
  const int count = (log_q + kMaxBits - 1) / kMaxBits;
  const int bits = log_q / count;
  const int base = log_q - (count - 1) * bits;
  if (bits < smallest || base > kMaxBits || budget < base) {
    fail(Code::kInvalidArgument, "--params %d:%d: %d primes of %d bits and a special one do not fit N = 2^%d and %d bits in all",
         log_n, log_q, count, bits, log_n, budget + log_q);
  }
  const int special_bits = std::min(kMaxBits, base + 2);
  const int special = std::max(1, std::min(budget / special_bits, (count + 2) / 3));
  return {log_n, log_q, repeated(base, count - 1, bits),
          std::vector<int>(static_cast<std::size_t>(special), std::min(special_bits, budget / special)),
          count == 1 ? base - 8 : bits};
}

ParameterSpec spec_of(const ChainBits& bits, RingType ring_type) {
  const u64 step = (ring_type == RingType::kStandard ? u64{2} : u64{4}) << bits.log_n;
  std::map<int, u64> next;  // bits -> the next candidate
  const auto prime = [&](int size) {
    auto found = next.find(size);
    u64 candidate = found == next.end() ? (u64{1} << size) + 1 - step : found->second;
    while (!is_prime(candidate)) candidate -= step;
    if (candidate < u64{1} << (size - 1)) {
      fail(Code::kInvalidArgument, "there are too few primes of %d bits that are 1 modulo %llu", size,
           static_cast<unsigned long long>(step));
    }
    next[size] = candidate - step;
    return candidate;
  };
  ParameterSpec spec;
  spec.ring_type = ring_type;
  spec.log_n = bits.log_n;
  spec.log_scale = bits.log_scale;
  spec.digit_size = static_cast<int>(std::max<std::size_t>(1, std::min(bits.special.size(), bits.chain.size())));
  for (int size : bits.chain) spec.q.push_back(prime(size));
  for (int size : bits.special) spec.p.push_back(prime(size));
  return spec;
}

const char* name_of(RingType type) { return type == RingType::kStandard ? "STANDARD" : "CONJUGATE_INVARIANT"; }

Options parse(int count, const char* const* arguments) {
  Options options;
  std::string params = "14:340,15:740,16:1310";
  ChainBits given;
  for (int i = 1; i < count; ++i) {
    const std::string name = arguments[i];
    bool* flag = name == "--no-limits" ? &options.limits
                 : name == "--list-ops" ? &options.list_ops
                 : name == "--list-params" ? &options.list_params
                                           : nullptr;
    if (flag != nullptr) {
      *flag = !*flag;
      continue;
    }
    if (i + 1 == count) fail(Code::kInvalidArgument, "%s needs a value", name.c_str());
    const std::string value = arguments[++i];
    if (name == "--ops") {
      options.ops = split(value, ',');
    } else if (name == "--params") {
      params = value;
    } else if (name == "--chain") {
      given.chain = integers(name, value, 14, kMaxBits);
    } else if (name == "--special") {
      given.special = integers(name, value, 14, kMaxBits);
    } else if (name == "--log-scale") {
      given.log_scale = integer(name, value, 1, 60);
    } else if (name == "--ring-type") {
      if (value != "STANDARD" && value != "CONJUGATE_INVARIANT") {
        fail(Code::kInvalidArgument, "--ring-type: \"%s\" is neither STANDARD nor CONJUGATE_INVARIANT", value.c_str());
      }
      options.ring_type = value == "STANDARD" ? RingType::kStandard : RingType::kConjugateInvariant;
    } else if (name == "--threads") {
      options.threads = integer(name, value, 1, 256);
    } else if (name == "--seconds") {
      options.seconds = std::atof(value.c_str());
      if (!(options.seconds > 0 && options.seconds <= 3600)) {
        fail(Code::kInvalidArgument, "--seconds: \"%s\" is not in (0, 3600]", value.c_str());
      }
    } else {
      fail(Code::kInvalidArgument, "there is no option %s", name.c_str());
    }
  }
  for (const std::string& set : split(params, ',')) {
    const std::vector<std::string> parts = split(set, ':');
    if (parts.size() != 2) fail(Code::kInvalidArgument, "--params: \"%s\" is not logN:logQ", set.c_str());
    const int log_n = integer("--params", parts[0], 11, 16);
    const int log_q = integer("--params", parts[1], 20, 1747);
    if (given.chain.empty()) {
      options.sets.push_back(chain_of(log_n, log_q, options.ring_type));
    } else {
      options.sets.push_back(given);
      options.sets.back().log_n = log_n;
      options.sets.back().log_q = log_q;
    }
  }
  if (!given.chain.empty() && (options.sets.size() != 1 || given.log_scale == 0)) {
    fail(Code::kInvalidArgument, "--chain goes with --log-scale and one parameter set in --params");
  }
  return options;
}

}  // namespace tacet::bench
