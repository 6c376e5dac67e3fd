// SPDX-License-Identifier: Apache-2.0
// Carries the headers that CMake precompiles for every test.
