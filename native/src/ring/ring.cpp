// SPDX-License-Identifier: Apache-2.0
#include "ring/ring.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/ntt_tables.h"
#include "math/primes.h"
#include "util/error.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

unsigned long long print(u64 x) { return x; }

void check_primes(const std::vector<u64>& primes, std::size_t n, RingType type) {
  const u64 order = root_order(type, n);
  for (u64 q : primes) {
    if ((q >> 50) != 0) fail(Code::kInvalidArgument, "modulus %llu is not below 2^50", print(q));
    if (q % order != 1) {
      fail(Code::kInvalidArgument, "modulus %llu is not 1 modulo %s = %llu", print(q), root_order_name(type), print(order));
    }
    if (!is_prime(q)) fail(Code::kInvalidArgument, "modulus %llu is not prime", print(q));
  }
  std::vector<u64> sorted = primes;
  std::sort(sorted.begin(), sorted.end());
  const auto twice = std::adjacent_find(sorted.begin(), sorted.end());
  if (twice != sorted.end()) fail(Code::kInvalidArgument, "modulus %llu appears twice", print(*twice));
}

}  // namespace

Ring::Ring(int log_n, std::vector<u64> q, std::vector<u64> p, int digit_size, RingType type, Tables kept)
    : type_(type),
      log_n_(log_n),
      n_(std::size_t{1} << log_n),
      chain_length_(static_cast<int>(q.size())),
      special_count_(static_cast<int>(p.size())),
      digit_size_(digit_size),
      ntt_words_(std::move(kept)) {
  std::vector<u64> primes = q;
  primes.insert(primes.end(), p.begin(), p.end());
  check_primes(primes, n_, type_);
  for (u64 prime : primes) moduli_.emplace_back(prime);

  bit_reversed_.resize(n_);
  for (std::size_t i = 0; i < n_; ++i) bit_reversed_[i] = bit_reverse(static_cast<u32>(i), log_n_);
  ntt_.resize(primes.size());
  if (ntt_words_.empty()) {
    ntt_words_.resize(primes.size());
    pool().parallel_for(primes.size(),
                        [&](std::size_t i) { ntt_words_[i] = build_ntt_table(ntt_[i], moduli_[i], log_n_, type_); });
  } else {
    view_kept_tables();
  }

  const std::vector<Modulus> chain(moduli_.begin(), moduli_.begin() + chain_length_);
  const std::vector<Modulus> special(moduli_.begin() + chain_length_, moduli_.end());
  const auto range = [](int first, int count) {
    std::vector<int> out(static_cast<std::size_t>(count));
    std::iota(out.begin(), out.end(), first);
    return out;
  };
  for (int start = 0; start < chain_length_; start += digit_size_) {
    digit_conversions_.emplace_back();
    for (int size = 1; size <= std::min(digit_size_, chain_length_ - start); ++size) {
      digit_conversions_.back().push_back(conversion_from(range(start, size)));
    }
  }
  if (special_count_ > 0) special_conversion_ = conversion_from(range(chain_length_, special_count_));
  rescale_conversions_.resize(chain.size());
  special_rescale_conversions_.resize(chain.size());
  for (int level = 1; level < chain_length_; ++level) {
    const std::size_t at = static_cast<std::size_t>(level);
    rescale_conversions_[at] = conversion_from({level});
    if (special_count_ == 0) continue;
    std::vector<int> indexes = range(chain_length_, special_count_);
    indexes.push_back(level);
    special_rescale_conversions_[at] = conversion_from(std::move(indexes));
  }

  for (const Modulus& modulus : chain) {
    u64 product = 1;
    for (const Modulus& factor : special) product = mul_mod(product, modulus.reduce(factor.value), modulus);
    special_mod_.push_back(product);
    special_inverse_.push_back(inverse_mod(product, modulus));
  }
  for (int from = 0; from < chain_length_; ++from) {
    prime_inverse_.emplace_back();
    for (int i = 0; i < from; ++i) prime_inverse_.back().push_back(inverse_mod(modulus(from).value, modulus(i)));
  }
}

Ring::~Ring() = default;

void Ring::view_kept_tables() {
  if (ntt_words_.size() != moduli_.size()) {
    fail(Code::kMalformed, "%zu transform tables, the ring has %zu moduli", ntt_words_.size(), moduli_.size());
  }
  for (std::size_t i = 0; i < moduli_.size(); ++i) {
    if (ntt_words_[i].size() != ntt_table_words(n_)) {
      fail(Code::kMalformed, "%zu words of a transform table, it takes %zu", ntt_words_[i].size(), ntt_table_words(n_));
    }
    view_ntt_table(ntt_[i], moduli_[i], log_n_, type_, ntt_words_[i].data());
  }
}

std::unique_ptr<Ring::Conversion> Ring::conversion_from(std::vector<int> indexes) const {
  std::vector<Modulus> source;
  for (int index : indexes) source.push_back(modulus(index));
  std::unique_ptr<Conversion> out(new Conversion{{std::move(source), moduli_}, {}, std::move(indexes)});
  for (std::size_t i = 0; i < out->indexes.size(); ++i) {
    out->to_prepared.push_back(with_scaled_inverse(ntt(out->indexes[i]), out->basis.scale(i)));
  }
  return out;
}

const Ring::Conversion& Ring::digit_conversion(int digit, int size) const {
  return *digit_conversions_[static_cast<std::size_t>(digit)][static_cast<std::size_t>(size - 1)];
}

double Ring::log2_q(int level) const {
  double sum = 0;
  for (int i = 0; i <= level; ++i) sum += std::log2(static_cast<double>(modulus(i).value));
  return sum;
}

double Ring::log2_p() const {
  double sum = 0;
  for (int i = 0; i < special_count_; ++i) sum += std::log2(static_cast<double>(modulus(chain_length_ + i).value));
  return sum;
}

}  // namespace tacet
