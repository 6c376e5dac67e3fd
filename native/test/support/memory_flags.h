// SPDX-License-Identifier: Apache-2.0
#pragma once
// What Linux knows of a mapping: see VmFlags in proc(5).

#ifdef __linux__

#include <sys/mman.h>

#include <cstdint>
#include <fstream>
#include <sstream>
#include <string>

namespace tacet::testing {

/// The VmFlags of the mapping that holds an address, with a space behind each: "dd" is kept out of core dumps, "lo" locked, "hg"
/// asked for huge pages.
inline std::string flags_of(const void* address) {
  const auto wanted = reinterpret_cast<std::uintptr_t>(address);
  std::ifstream maps("/proc/self/smaps");
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t start = 0, end = 0;
    char dash = 0;
    std::istringstream range(line);
    if (range >> std::hex >> start >> dash >> end && dash == '-') inside = start <= wanted && wanted < end;
    if (inside && line.rfind("VmFlags:", 0) == 0) return line + " ";
  }
  return "";
}

/// Whether this system takes the wish for huge pages at all.
inline bool takes_huge_pages() {
  constexpr std::size_t kBytes = std::size_t{4} << 20;
  void* memory = mmap(nullptr, kBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  const bool taken = memory != MAP_FAILED && madvise(memory, kBytes, MADV_HUGEPAGE) == 0;
  if (memory != MAP_FAILED) munmap(memory, kBytes);
  return taken;
}

}  // namespace tacet::testing

#endif
