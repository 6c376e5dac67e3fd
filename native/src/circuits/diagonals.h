// SPDX-License-Identifier: Apache-2.0
#pragma once
// The encoded diagonals of a linear transform.

#include <vector>

#include "ring/ring.h"

namespace tacet {

/// How diagonals are kept. kResidues: residues modulo every prime, in the order in which the inner products read them. kIntegers:
/// the rounded coefficients, one word each, expanded whenever they are used: as many times smaller as there are primes, at the
/// cost of a transform for each diagonal and prime.
enum class DiagonalForm { kResidues, kIntegers };

/// Encoded diagonals that were kept (Diagonals::words()) and outlive what is made of them; none where data is null.
struct DiagonalWords {
  const u64* data = nullptr;
  std::size_t size = 0;
  DiagonalForm form = DiagonalForm::kResidues;
};

/// `count` polynomials with limbs q_0..q_{q_limbs-1}, p_0... Set every one once, from any thread; then immutable.
class Diagonals {
 public:
  Diagonals() = default;
  /// block_words divides n.
  Diagonals(const Ring& ring, std::size_t count, int q_limbs, std::size_t block_words, DiagonalForm form);

  /// All diagonals at once, as words() gave them. Throws Error(kMalformed) if their number does not fit their form. The numbers
  /// themselves are not looked at: kept words must come from a trusted place.
  Diagonals(const Ring& ring, std::size_t count, int q_limbs, std::size_t block_words, const DiagonalWords& kept);

  /// Takes diagonal d. False if it does not fit the form: a coefficient is above q_0/2 in size (kIntegers only).
  bool set(std::size_t d, const Poly<Eval>& encoded);

  DiagonalForm form() const { return form_; }
  DiagonalWords words() const { return {words_.data(), words_.size(), form_}; }
  std::size_t bytes() const { return words_.size() * sizeof(u64); }
  std::size_t block_words() const { return block_words_; }

  /// kResidues: residues block * block_words .. of diagonal d modulo the modulus of `limb`, as residues are kept (kept_words). Consecutive
  /// d are adjacent.
  const void* block(int limb, std::size_t block, std::size_t d) const {
    return kept_at(words_.data() + limb_at_[static_cast<std::size_t>(limb)], at(block, d), bytes_of(limb));
  }
  /// How many bytes each residue of a limb takes.
  std::size_t bytes_of(int limb) const { return kept_bytes(ring_->modulus(ring_->index_of(limb, q_limbs_))); }
  /// Residues from a diagonal's block to its next one.
  std::size_t block_distance() const { return count_ * block_words_; }
  /// kIntegers: writes the n residues of diagonal d modulo the modulus of `limb`, evaluation domain.
  void expand(u64* out, int limb, std::size_t d) const;

 private:
  /// The words that the form takes; fills limb_at_.
  std::size_t place_limbs();
  std::size_t at(std::size_t block, std::size_t d) const { return (block * count_ + d) * block_words_; }

  const Ring* ring_ = nullptr;
  std::size_t count_ = 0;
  int q_limbs_ = 0;
  std::size_t block_words_ = 0;
  DiagonalForm form_ = DiagonalForm::kResidues;
  std::vector<std::size_t> limb_at_;  ///< kResidues: where each limb begins in words_
  Buffer words_;  ///< kIntegers: each diagonal in the form prepared for conversion from q_0 (BasisConversion)
};

}  // namespace tacet
