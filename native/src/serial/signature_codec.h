// SPDX-License-Identifier: Apache-2.0
#pragma once
// What a client without Java must know of a model: the SIGNATURE blob, and the sections of model.tacet.

#include <string>
#include <vector>

#include "ckks/context.h"
#include "rlwe/scale.h"
#include "serial/blob.h"

namespace tacet {

/// How rows lie in ciphertexts; the numbers are the wire format's.
enum class Packing : u8 { kLatency = 0, kThroughput = 1 };

/// One input: place i of a period holds (x_i - center_i) / half_width_i for i < features, the other places zero; slot i
/// of copy k of the period holds place (i + k * copy_shift) modulo the period. In the throughput packing the period is
/// 1 and ciphertext i of an array holds that number, each row in its own slot.
struct SignatureInput {
  std::string name;
  u32 features = 0;
  u32 period = 1;      ///< a power of two, at least features (1 in the throughput packing), at most the slots
  u32 copy_shift = 0;  ///< below the period
  Scale scale;
  int level = 0;
  std::vector<double> low, high;  ///< accepted bounds of each feature, raw units
  std::vector<double> center, half_width;
};

/// What an encrypted output means; the numbers are the wire format's. An imaginary guard lies in the imaginary parts of
/// the slots of another output's ciphertext.
enum class OutputKind : u8 { kValue = 0, kZeroCheck = 1, kGuard = 2, kImaginaryGuard = 3 };

/// One encrypted output. VALUE: slots 0..count-1 of every period hold the values, the others are zero. ZERO_CHECK: all
/// slots are zero. GUARD: all slots are within `bound`. In the throughput packing it is an array of `count`
/// ciphertexts, one row a slot.
struct SignatureOutput {
  OutputKind kind = OutputKind::kValue;
  u32 program_output = 0;
  std::string name;
  u32 count = 0;
  u32 period = 1;  ///< a power of two, at most the slots
  int level = 0;
  Scale scale;
  std::vector<double> factor, offset;  ///< value i = factor[i] * slot i + offset[i]; VALUE only
  double bound = 0;                    ///< largest |slot| of a true answer
  double slot_error = 0;               ///< bound of the noise of one slot
  double error_bound = 0;              ///< bound of the error of a value, in output units
};

/// One node of the graph that the client runs on decrypted values. `op` is a number of docs/formats.md's tail
/// operations.
struct TailNode {
  u8 op = 0;
  std::vector<std::string> inputs;
  std::string output;
  std::vector<i64> integers;
  std::vector<double> numbers;
  std::vector<std::string> strings;
};

/// An evaluation key that the program needs: Galois element (0: relinearization) and the highest level of its use.
struct KeyRequirement {
  u32 galois = 0;
  int level = 0;
};

/// Rows that fill up every batch of the throughput packing, and the answers that they must get.
struct KnownRows {
  std::size_t rows = 0;  ///< 1..1024, below the slots; 0 in other packings
  double center = 0;
  double amplitude = 0;                      ///< positive; |center| + amplitude is at most 1
  std::vector<std::vector<double>> answers;  ///< for each VALUE output, in order, the slots of row after row

  /// Normalised feature `feature`, counted over all inputs, of known row `row`.
  double feature(std::size_t row, std::size_t feature) const;
};

/// How many operations a tail has; TailNode::op is below.
inline constexpr int kTailOps = 33;

struct Signature {
  std::string model;
  int security_bits = 0;
  Packing packing = Packing::kLatency;
  std::vector<SignatureInput> inputs;
  std::vector<SignatureOutput> outputs;
  std::vector<std::string> tail_inputs;
  std::vector<TailNode> tail_nodes;
  std::vector<std::string> tail_outputs;
  std::vector<KeyRequirement> keys;  ///< ascending
  KnownRows known;                   ///< of the throughput packing

  /// The guard in the imaginary parts of an output's slots; null if there is none.
  const SignatureOutput* imaginary_guard(const SignatureOutput& output) const;

  /// Ciphertexts of an input or output of so many numbers.
  std::size_t ciphertexts(std::size_t numbers) const { return packing == Packing::kThroughput ? numbers : 1; }
};

/// Reads a SIGNATURE blob made under `context`'s parameters: every count against the bytes that are left, every number
/// finite, shapes, periods, levels and keys against the parameters. Violations are Code::kMalformed with the numbers; a
/// packing that is not listed above is Code::kUnsupported.
Signature load_signature(const Context& context, const u8* data, std::size_t size);

/// A range of bytes of an artifact.
struct Section {
  const u8* data = nullptr;
  std::size_t size = 0;
};

/// The blobs inside an ARTIFACT blob, borrowed from its bytes. Checksum and structure are checked, the blobs' insides
/// are not.
struct ArtifactSections {
  Section parameters;
  Section signature;
  Section program;
};

ArtifactSections open_artifact(const u8* data, std::size_t size);

}  // namespace tacet
