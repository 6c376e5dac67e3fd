// SPDX-License-Identifier: Apache-2.0
// Extraction of coefficients.
#include "ckks/evaluator.h"
#include "ring/transform.h"
#include "util/error.h"

namespace tacet {

Ciphertext Evaluator::extract(const Ciphertext& a, const std::vector<u32>& indexes) const {
  check(a, "extract", 2);
  const Ring& ring = context_->ring();
  if (a.encoding != Encoding::kCoefficients) fail(Code::kInvalidArgument, "extract takes coefficients, the ciphertext has slots");
  if (!are_indexes(indexes, ring.n())) {
    fail(Code::kInvalidArgument, "extract: %zu indexes, they must ascend below %zu and be at least one", indexes.size(), ring.n());
  }
  Ciphertext out;
  out.encoding = Encoding::kExtracted;
  out.level = a.level;
  out.scale = a.scale;
  out.components.push_back(a.components[1]);
  const Poly<Coeff> c0 = to_coeff(ring, a.components[0]);
  out.extracted.indexes = indexes;
  out.extracted.residues.reserve(indexes.size() * static_cast<std::size_t>(a.level + 1));
  for (int limb = 0; limb <= a.level; ++limb) {
    for (const u32 index : indexes) out.extracted.residues.push_back(c0.limb(limb)[index]);
  }
  return out;
}

}  // namespace tacet
