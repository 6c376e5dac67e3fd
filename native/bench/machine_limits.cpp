// SPDX-License-Identifier: Apache-2.0
#include "machine_limits.h"

#include <algorithm>

#include "kernels/cpu_features.h"
#include "kernels/target.h"
#include "stopwatch.h"
#include "util/buffer.h"

#if TACET_X86
#include <immintrin.h>
#endif

namespace tacet::bench {
namespace {

constexpr std::size_t kChains = 12;  // independent chains: more than latency times rate
constexpr std::size_t kRounds = 2000;
constexpr int kRepeats = 40;
constexpr std::size_t kOperations = kChains * kRounds;

/// Hides a value from the optimiser, in a register of class `kind`.
#define TACET_BENCH_OPAQUE(kind, x) __asm__ volatile("" : "+" kind(x))

/// Operations a second: the best of kRepeats runs of `loop`, which does kOperations.
double rate(void (*loop)()) {
  double best = 0;
  for (int i = 0; i < kRepeats; ++i) {
    const u64 start = ticks();
    loop();
    best = std::max(best, static_cast<double>(kOperations) / static_cast<double>(ticks() - start));
  }
  return best * ticks_per_second();
}

void multiply64_loop() {
  u64 x[kChains], factor = 0x9e3779b97f4a7c15;
  TACET_BENCH_OPAQUE("r", factor);
  for (std::size_t i = 0; i < kChains; ++i) x[i] = i + 3;
  for (std::size_t r = 0; r < kRounds; ++r) {
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kChains; ++i) {
      const u128 product = static_cast<u128>(x[i]) * factor;
      u64 high = static_cast<u64>(product >> 64);
      TACET_BENCH_OPAQUE("r", high);
      x[i] = high;
    }
  }
  for (std::size_t i = 0; i < kChains; ++i) TACET_BENCH_OPAQUE("r", x[i]);
}

void add64_loop() {
  u64 a = 1, b = 2, c = 3, d = 4, e = 5, f = 6, step = 7;
  TACET_BENCH_OPAQUE("r", step);
  for (std::size_t r = 0; r < kOperations / 6; ++r) {
    a += step, b += step, c += step, d += step, e += step, f += step;
    TACET_BENCH_OPAQUE("r", a);
    TACET_BENCH_OPAQUE("r", b);
    TACET_BENCH_OPAQUE("r", c);
    TACET_BENCH_OPAQUE("r", d);
    TACET_BENCH_OPAQUE("r", e);
    TACET_BENCH_OPAQUE("r", f);
  }
}

u64 read_words(const u64* x, std::size_t words) {
  u64 sum = 0;
  for (std::size_t i = 0; i < words; ++i) sum |= x[i];
  return sum;
}

}  // namespace
}  // namespace tacet::bench

#if TACET_X86
TACET_TARGET_BEGIN_AVX2
namespace tacet::bench {
namespace {

void fma256_loop() {
  __m256d x[kChains], factor = _mm256_set1_pd(0.999);
  TACET_BENCH_OPAQUE("x", factor);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kChains; ++i) x[i] = _mm256_set1_pd(static_cast<double>(i));
  for (std::size_t r = 0; r < kRounds; ++r) {
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kChains; ++i) {
      x[i] = _mm256_fmadd_pd(x[i], factor, factor);
      TACET_BENCH_OPAQUE("x", x[i]);
    }
  }
}

void add256_loop() {
  __m256i x[kChains], step = _mm256_set1_epi64x(7);
  TACET_BENCH_OPAQUE("x", step);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kChains; ++i) x[i] = _mm256_set1_epi64x(static_cast<long long>(i));
  for (std::size_t r = 0; r < kRounds; ++r) {
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kChains; ++i) {
      x[i] = _mm256_add_epi64(x[i], step);
      TACET_BENCH_OPAQUE("x", x[i]);
    }
  }
}

u64 read_words_avx2(const u64* x, std::size_t words) {
  __m256i sum[8] = {};
  for (std::size_t i = 0; i < words; i += 32) {
#pragma GCC unroll 8
    for (std::size_t k = 0; k < 8; ++k) {
      sum[k] = _mm256_or_si256(sum[k], _mm256_load_si256(reinterpret_cast<const __m256i*>(x + i + 4 * k)));
    }
  }
#pragma GCC unroll 8
  for (std::size_t k = 1; k < 8; ++k) sum[0] = _mm256_or_si256(sum[0], sum[k]);
  return static_cast<u64>(_mm256_extract_epi64(sum[0], 0) | _mm256_extract_epi64(sum[0], 1) |
                          _mm256_extract_epi64(sum[0], 2) | _mm256_extract_epi64(sum[0], 3));
}

}  // namespace
}  // namespace tacet::bench
TACET_TARGET_END

TACET_TARGET_BEGIN_AVX512IFMA
namespace tacet::bench {
namespace {

enum class Instruction { kMadd52, kAdd, kMullo };

template <Instruction kWhich>
void loop512() {
  __m512i x[kChains], factor = _mm512_set1_epi64(0x9e3779b97f4a7);
  TACET_BENCH_OPAQUE("v", factor);
#pragma GCC unroll 12
  for (std::size_t i = 0; i < kChains; ++i) x[i] = _mm512_set1_epi64(static_cast<long long>(i));
  for (std::size_t r = 0; r < kRounds; ++r) {
#pragma GCC unroll 12
    for (std::size_t i = 0; i < kChains; ++i) {
      if (kWhich == Instruction::kMadd52) x[i] = _mm512_madd52lo_epu64(x[i], factor, factor);
      if (kWhich == Instruction::kAdd) x[i] = _mm512_add_epi64(x[i], factor);
      if (kWhich == Instruction::kMullo) x[i] = _mm512_mullo_epi64(x[i], factor);
      TACET_BENCH_OPAQUE("v", x[i]);
    }
  }
}

void ifma512_loop() { loop512<Instruction::kMadd52>(); }
void add512_loop() { loop512<Instruction::kAdd>(); }
void mullo512_loop() { loop512<Instruction::kMullo>(); }

}  // namespace
}  // namespace tacet::bench
TACET_TARGET_END
#endif  // TACET_X86

namespace tacet::bench {
namespace {

double read_rate_of(std::size_t bytes, u64 (*read)(const u64*, std::size_t)) {
  Buffer block(bytes / sizeof(u64));
  std::fill_n(block.data(), block.size(), 1);
  const std::size_t passes = std::max<std::size_t>(1, (std::size_t{64} << 20) / bytes);
  double best = 0;
  u64 seen = 0;
  for (int i = 0; i < 8; ++i) {
    const u64 start = ticks();
    for (std::size_t pass = 0; pass < passes; ++pass) {
      seen += read(block.data(), block.size());
      TACET_BENCH_OPAQUE("r", seen);
    }
    best = std::max(best, static_cast<double>(bytes * passes) / static_cast<double>(ticks() - start));
  }
  return best * ticks_per_second();
}

}  // namespace

double MachineLimits::read_rate(double working_set) const {
  for (const auto& [bytes, read] : reads) {
    if (working_set <= static_cast<double>(bytes)) return read;
  }
  return reads.back().second;
}

MachineLimits measure_limits() {
  MachineLimits limits;
  u64 (*read)(const u64*, std::size_t) = read_words;
  limits.multiply64 = rate(multiply64_loop);
  limits.add64 = rate(add64_loop);
#if TACET_X86
  if (cpu_runs_avx2()) {
    limits.fma256 = rate(fma256_loop);
    limits.add256 = rate(add256_loop);
    read = read_words_avx2;
  }
  if (cpu_runs_avx512ifma()) {
    limits.ifma512 = rate(ifma512_loop);
    limits.add512 = rate(add512_loop);
    limits.mullo512 = rate(mullo512_loop);
  }
#endif
  for (std::size_t mib : {1, 8, 64, 256}) {
    const std::size_t bytes = mib << 20;
    limits.reads.emplace_back(bytes, read_rate_of(bytes, read));
  }
  return limits;
}

}  // namespace tacet::bench
