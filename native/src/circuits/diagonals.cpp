// SPDX-License-Identifier: Apache-2.0
#include "circuits/diagonals.h"

#include <algorithm>

#include "util/error.h"

namespace tacet {

Diagonals::Diagonals(const Ring& ring, std::size_t count, int q_limbs, std::size_t block_words, DiagonalForm form)
    : ring_(&ring), count_(count), q_limbs_(q_limbs), block_words_(block_words), form_(form) {
  words_ = Buffer(place_limbs());
}

Diagonals::Diagonals(const Ring& ring, std::size_t count, int q_limbs, std::size_t block_words, const DiagonalWords& kept)
    : ring_(&ring), count_(count), q_limbs_(q_limbs), block_words_(block_words), form_(kept.form) {
  const std::size_t words = place_limbs();
  if (kept.size != words) {
    fail(Code::kMalformed, "%zu words of encoded diagonals, %zu diagonals take %zu", kept.size, count, words);
  }
  words_ = Buffer::borrow(kept.data, kept.size);
}

std::size_t Diagonals::place_limbs() {
  const std::size_t residues = ring_->n() * count_;
  if (form_ == DiagonalForm::kIntegers) return residues;
  std::size_t words = 0;
  for (int limb = 0; limb < q_limbs_ + ring_->special_count(); ++limb) {
    limb_at_.push_back(words);
    words += kept_words(residues, ring_->modulus(ring_->index_of(limb, q_limbs_)));
  }
  return words;
}

bool Diagonals::set(std::size_t d, const Poly<Eval>& encoded) {
  const std::size_t n = ring_->n();
  if (form_ == DiagonalForm::kResidues) {
    for (int limb = 0; limb < encoded.limbs(); ++limb) {
      for (std::size_t block = 0; block < n / block_words_; ++block) {
        keep(words_.data() + limb_at_[static_cast<std::size_t>(limb)], at(block, d), encoded.limb(limb) + block * block_words_,
             block_words_, bytes_of(limb));
      }
    }
    return true;
  }
  // The centred representative modulo q_0 is the integer itself exactly if it gives the same residues modulo the other primes.
  const Ring::Conversion& from_first = ring_->digit_conversion(0, 1);
  u64* integers = words_.data() + d * n;
  std::copy_n(encoded.limb(0), n, integers);
  kernels().ntt_inverse(integers, from_first.to_prepared[0]);
  from_first.basis.attach_overflow(&integers, n);
  Buffer expanded(n);
  for (int limb = 1; limb < encoded.limbs(); ++limb) {
    expand(expanded.data(), limb, d);
    if (!std::equal(expanded.data(), expanded.data() + n, encoded.limb(limb))) return false;
  }
  return true;
}

void Diagonals::expand(u64* out, int limb, std::size_t d) const {
  const int index = ring_->index_of(limb, q_limbs_);
  const u64* integers = words_.data() + d * ring_->n();
  ring_->digit_conversion(0, 1).basis.convert(out, &integers, ring_->n(), index);
  kernels().ntt_forward(out, ring_->ntt(index));
}

}  // namespace tacet
