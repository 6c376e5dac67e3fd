// SPDX-License-Identifier: Apache-2.0
#pragma once
// Regions of code compiled for more than the baseline instruction set.
//
// TACET_TARGET_BEGIN_x opens a region and TACET_TARGET_END closes it. A region opens after all includes and instantiates no
// template of the standard library: an inline function shared with baseline code, once compiled with wide instructions, may be
// the copy that the linker keeps, and would stop older machines. For the same reason there are no per-file -m flags.

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define TACET_X86 1
#else
#define TACET_X86 0
#endif

#define TACET_PRAGMA(text) _Pragma(#text)

#if defined(__clang__)
#define TACET_TARGET_BEGIN(features) \
  TACET_PRAGMA(clang attribute push(__attribute__((target(features))), apply_to = function))
#define TACET_TARGET_END TACET_PRAGMA(clang attribute pop)
#else
// GCC 12 takes the undefined pass-through operand of its own intrinsics for a mistake (GCC bug 105593).
#define TACET_TARGET_BEGIN(features)                      \
  TACET_PRAGMA(GCC push_options)                          \
  TACET_PRAGMA(GCC target(features))                      \
  TACET_PRAGMA(GCC diagnostic push)                       \
  TACET_PRAGMA(GCC diagnostic ignored "-Wuninitialized")  \
  TACET_PRAGMA(GCC diagnostic ignored "-Wmaybe-uninitialized")
#define TACET_TARGET_END       \
  TACET_PRAGMA(GCC diagnostic pop) \
  TACET_PRAGMA(GCC pop_options)
#endif

// The features of each table; cpu_features.cpp tests the same ones.
#define TACET_TARGET_BEGIN_AVX512IFMA TACET_TARGET_BEGIN("avx2,avx512f,avx512dq,avx512vl,avx512ifma")
#define TACET_TARGET_BEGIN_AVX2 TACET_TARGET_BEGIN("avx2,fma")

/// For the building blocks of a region: always part of their caller, never a function of their own.
#define TACET_INLINE inline __attribute__((always_inline))
