// SPDX-License-Identifier: Apache-2.0
#include <cstdlib>

#include "kernels/kernels.h"
#include "util/error.h"

namespace tacet {

const std::vector<const Kernels*>& available_kernels() {
  static const std::vector<const Kernels*> tables = [] {
    std::vector<const Kernels*> found;
    for (const Kernels* table : {avx512ifma_kernels(), avx2_kernels(), &scalar_kernels()}) {
      if (table != nullptr) found.push_back(table);
    }
    return found;
  }();
  return tables;
}

const Kernels& select_kernels(const std::string& name) {
  const auto& tables = available_kernels();
  if (name.empty()) return *tables.front();
  std::string names;
  for (const Kernels* table : tables) {
    if (name == table->name) return *table;
    names += names.empty() ? "" : ", ";
    names += table->name;
  }
  fail(Code::kInvalidArgument, "TACET_KERNELS is \"%s\", which is not a kernel table of this machine; available: %s",
       name.c_str(), names.c_str());
}

const Kernels& kernels() {
  static const Kernels& chosen = []() -> const Kernels& {
    const char* name = std::getenv("TACET_KERNELS");
    const Kernels& table = select_kernels(name == nullptr ? "" : name);
    self_test(table);
    return table;
  }();
  return chosen;
}

}  // namespace tacet
