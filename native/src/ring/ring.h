// SPDX-License-Identifier: Apache-2.0
#pragma once
// One of the two rings (math/ring_type.h) modulo QP: primes, transform tables, conversion tables. Immutable and shared.

#include <memory>
#include <vector>

#include "kernels/kernels.h"
#include "ring/basis_conversion.h"
#include "ring/poly.h"

namespace tacet {

/// Tables for ring degree n = 2^log_n, chain primes q_0..q_L, special primes p_0..p_{k-1} (k may be 0) and digits of
/// `digit_size` chain primes. Moduli have one index: chain primes 0..L, special prime t at chain_length()+t.
class Ring {
 public:
  /// Words of each modulus's transform table (build_ntt_table), by ring index.
  using Tables = std::vector<Buffer>;

  /// `kept`, if not empty, are the tables() of a ring made from the same arguments: they are trusted and may be borrowed. Throws
  /// Error(kInvalidArgument) with the offending prime unless all are distinct primes below 2^50 and 1 modulo root_order(type, n), and
  /// Error(kMalformed) if the kept tables are of another number or size.
  Ring(int log_n, std::vector<u64> q, std::vector<u64> p, int digit_size, RingType type = RingType::kStandard,
       Tables kept = {});
  ~Ring();
  Ring(const Ring&) = delete;
  Ring& operator=(const Ring&) = delete;

  RingType type() const { return type_; }
  int log_n() const { return log_n_; }
  std::size_t n() const { return n_; }
  int chain_length() const { return chain_length_; }
  int max_level() const { return chain_length_ - 1; }
  int special_count() const { return special_count_; }
  int digit_size() const { return digit_size_; }
  /// Number of digits of a polynomial at `level`: ceil((level+1)/digit_size).
  int digits(int level) const { return (level + digit_size_) / digit_size_; }

  const Modulus& modulus(int index) const { return moduli_[static_cast<std::size_t>(index)]; }
  const NttTable& ntt(int index) const { return ntt_[static_cast<std::size_t>(index)]; }
  /// To be kept for a ring to come.
  const Tables& tables() const { return ntt_words_; }
  /// The numbers below n with their log_n bits reversed: the order of the evaluation domain.
  const std::vector<u32>& bit_reversed() const { return bit_reversed_; }
  /// Ring index of limb `limb` of a polynomial with q_limbs chain limbs.
  int index_of(int limb, int q_limbs) const { return limb < q_limbs ? limb : chain_length_ + (limb - q_limbs); }

  /// A conversion to every modulus of the ring (targets by ring index), with the inverse transforms that end in its prepared form.
  struct Conversion {
    BasisConversion basis;
    std::vector<NttTable> to_prepared;  ///< by source: from the evaluation domain to y_i
    std::vector<int> indexes;           ///< by source: its ring index
  };
  /// From the digit that starts at chain prime digit*digit_size and has `size` primes.
  const Conversion& digit_conversion(int digit, int size) const;
  /// From the special primes; present if special_count() > 0.
  const Conversion& special_conversion() const { return *special_conversion_; }
  /// From q_level alone, for dividing by it; level >= 1.
  const Conversion& rescale_conversion(int level) const { return *rescale_conversions_[static_cast<std::size_t>(level)]; }
  /// From the special primes and q_level, for dividing by both at once; level >= 1 and special_count() > 0.
  const Conversion& special_rescale_conversion(int level) const {
    return *special_rescale_conversions_[static_cast<std::size_t>(level)];
  }

  /// P mod q_i and P^-1 mod q_i, P = product of the special primes (1 if there are none).
  u64 special_mod(int i) const { return special_mod_[static_cast<std::size_t>(i)]; }
  u64 special_inverse(int i) const { return special_inverse_[static_cast<std::size_t>(i)]; }
  /// q_from^-1 mod q_i, i < from.
  u64 prime_inverse(int from, int i) const {
    return prime_inverse_[static_cast<std::size_t>(from)][static_cast<std::size_t>(i)];
  }

  /// log2(q_0 * ... * q_level).
  double log2_q(int level) const;
  double log2_p() const;

 private:
  void view_kept_tables();
  std::unique_ptr<Conversion> conversion_from(std::vector<int> indexes) const;

  RingType type_;
  int log_n_;
  std::size_t n_;
  int chain_length_;
  int special_count_;
  int digit_size_;
  std::vector<Modulus> moduli_;
  std::vector<u32> bit_reversed_;
  Tables ntt_words_;
  std::vector<NttTable> ntt_;
  std::vector<std::vector<std::unique_ptr<Conversion>>> digit_conversions_;
  std::unique_ptr<Conversion> special_conversion_;
  std::vector<std::unique_ptr<Conversion>> rescale_conversions_;          // by level; null at 0
  std::vector<std::unique_ptr<Conversion>> special_rescale_conversions_;  // by level; null at 0
  std::vector<u64> special_mod_;
  std::vector<u64> special_inverse_;
  std::vector<std::vector<u64>> prime_inverse_;
};

}  // namespace tacet
