// SPDX-License-Identifier: Apache-2.0
#include "serial/signature_codec.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "program/program.h"
#include "ring/automorphism.h"
#include "serial/scale_codec.h"
#include "util/error.h"

namespace tacet {
namespace {

// Versions 1 to 4: an even one ends with a reserve for sharing, in 3 and 4 inputs have a copy shift. Version 5 names
// its packing.
constexpr u16 kFirstVersion = 1;
constexpr u16 kShiftVersion = 3;
constexpr u16 kPackingVersion = 5;
constexpr u16 kTableVersion = 9;  // another version's number and body, and a table of features behind it
constexpr u16 kErrorsVersion = 10;  // another version's number and body, and the error bounds of each value behind it
constexpr u32 kMostNumbers = u32{1} << 17;  // of one attribute of a tail node
constexpr std::size_t kSmallestEntry = 40;  // of an input or output: fixed fields without its arrays
constexpr std::size_t kSmallestNode = 16;
constexpr u16 kMostKnownRows = 1024;
constexpr int kArtifactSections = 5;

std::vector<double> read_numbers(ByteReader& reader, u32 count, const char* field) {
  reader.require(count, 8, field);
  std::vector<double> numbers(count);
  for (double& number : numbers) {
    number = reader.f64(field);
  }
  return numbers;
}

std::vector<std::string> read_names(ByteReader& reader, u32 count, const char* field) {
  reader.require(count, 2, field);
  std::vector<std::string> names;
  for (u32 k = 0; k < count; ++k) {
    names.push_back(reader.string(field));
  }
  return names;
}

u32 read_at_most(ByteReader& reader, u32 most, const char* field) {
  const u32 value = reader.u32(field);
  if (value > most) {
    fail(Code::kMalformed, "signature: %s is %u, at most %u", field, value, most);
  }
  return value;
}

u32 read_period(ByteReader& reader, const Context& context, const std::string& name) {
  const u32 period = reader.u32("period");
  if (period == 0 || (period & (period - 1)) != 0 || period > context.slots()) {
    fail(Code::kMalformed, "signature: %s has period %u, not a power of two up to %zu slots", name.c_str(), period,
         context.slots());
  }
  return period;
}

int read_level(ByteReader& reader, const Context& context, const std::string& name) {
  const int level = reader.u8("level");
  if (level > context.max_level()) {
    fail(Code::kMalformed, "signature: %s has level %d, the chain ends at level %d", name.c_str(), level,
         context.max_level());
  }
  return level;
}

/// Whether so many numbers fit: the slots of a period, or an array with a row a slot.
bool fits(Packing packing, u32 numbers, u32 period) {
  return packing == Packing::kThroughput ? period == 1 && numbers <= kMaxArrayLength : numbers <= period;
}

SignatureInput read_input(ByteReader& reader, const Context& context, Packing packing, bool shifts) {
  SignatureInput input;
  input.name = reader.string("input name");
  const int rank = reader.u8("input rank");
  if (rank > 8) {
    fail(Code::kMalformed, "signature: input %s has %d dimensions, at most 8", input.name.c_str(), rank);
  }
  u64 product = 1;
  for (int k = 0; k < rank; ++k) {
    const u32 dimension = reader.u32("input dimension");
    product *= dimension;
    if (dimension == 0 || product > kMostNumbers) {
      fail(Code::kMalformed, "signature: dimension %d of input %s is %u", k, input.name.c_str(), dimension);
    }
  }
  input.features = reader.u32("features");
  input.period = read_period(reader, context, "input " + input.name);
  if (input.features == 0 || input.features != product || !fits(packing, input.features, input.period)) {
    fail(Code::kMalformed, "signature: input %s has %u features in a shape of %llu and a period of %u",
         input.name.c_str(), input.features, static_cast<unsigned long long>(product), input.period);
  }
  if (shifts) {
    input.copy_shift = reader.u32("input copy shift");
  }
  if (input.copy_shift >= input.period) {
    fail(Code::kMalformed, "signature: input %s has copy shift %u in a period of %u", input.name.c_str(),
         input.copy_shift, input.period);
  }
  input.scale = read_scale(reader, context.ring().chain_length(), "input scale");
  input.level = read_level(reader, context, "input " + input.name);
  input.low = read_numbers(reader, input.features, "low");
  input.high = read_numbers(reader, input.features, "high");
  input.center = read_numbers(reader, input.features, "center");
  input.half_width = read_numbers(reader, input.features, "half width");
  for (u32 i = 0; i < input.features; ++i) {
    if (!(input.low[i] <= input.high[i]) || !(input.half_width[i] > 0)) {
      fail(Code::kMalformed, "signature: feature %u of input %s has bounds %g..%g and half width %g", i,
           input.name.c_str(), input.low[i], input.high[i], input.half_width[i]);
    }
  }
  return input;
}

SignatureOutput read_output(ByteReader& reader, const Context& context, Packing packing) {
  SignatureOutput output;
  const u8 kind = reader.u8("output kind");
  if (kind > 3) {
    fail(Code::kMalformed, "signature: output kind %u, known are 0..3", kind);
  }
  output.kind = static_cast<OutputKind>(kind);
  output.program_output = reader.u16("program output");
  output.name = reader.string("output name");
  output.count = reader.u32("output count");
  output.period = read_period(reader, context, "output " + output.name);
  const bool value = output.kind == OutputKind::kValue, batch = packing == Packing::kThroughput;
  const bool empty = output.count == 0 && (value || batch), full = output.count == output.period && value && !batch;
  if (!fits(packing, output.count, output.period) || empty || full) {
    fail(Code::kMalformed, "signature: output %s has %u values in a period of %u%s", output.name.c_str(), output.count,
         output.period, batch ? "" : "; a slot must be left to be zero");
  }
  output.level = read_level(reader, context, "output " + output.name);
  output.scale = read_scale(reader, context.ring().chain_length(), "output scale");
  output.factor = read_numbers(reader, value ? output.count : 0, "factor");
  output.offset = read_numbers(reader, value ? output.count : 0, "offset");
  output.bound = reader.f64("bound");
  output.slot_error = reader.f64("slot error");
  output.error_bound = reader.f64("error bound");
  // A tolerance that lets anything pass is no check: at most a quarter of the values' bound, or of 1.
  if (output.bound < 0 || output.slot_error < 0 || output.error_bound < 0 ||
      output.slot_error > std::max(1.0, output.bound) / 4) {
    fail(Code::kMalformed, "signature: output %s has bound %g, slot error %g and error bound %g", output.name.c_str(),
         output.bound, output.slot_error, output.error_bound);
  }
  return output;
}

TailNode read_node(ByteReader& reader) {
  TailNode node;
  node.op = reader.u8("tail op");
  if (node.op >= kTailOps) {
    fail(Code::kMalformed, "signature: tail op %u, known are 0..%d", node.op, kTailOps - 1);
  }
  node.inputs = read_names(reader, reader.u8("tail inputs"), "tail input");
  node.output = reader.string("tail output");
  const u32 integers = read_at_most(reader, kMostNumbers, "tail integers");
  reader.require(integers, 8, "tail integers");
  for (u32 k = 0; k < integers; ++k) {
    node.integers.push_back(static_cast<i64>(reader.u64("tail integer")));
  }
  node.numbers = read_numbers(reader, read_at_most(reader, kMostNumbers, "tail numbers"), "tail number");
  node.strings = read_names(reader, read_at_most(reader, kMostNumbers, "tail strings"), "tail string");
  return node;
}

void check_outputs(const Signature& signature) {
  std::set<u32> numbers, guarded;
  bool has_value = false;
  const auto count = static_cast<std::size_t>(std::count_if(signature.outputs.begin(), signature.outputs.end(), [](const auto& output) {
    return output.kind != OutputKind::kImaginaryGuard;
  }));
  for (const SignatureOutput& output : signature.outputs) {
    std::set<u32>& seen = output.kind == OutputKind::kImaginaryGuard ? guarded : numbers;
    if (output.program_output >= count || !seen.insert(output.program_output).second) {
      fail(Code::kMalformed, "signature: program output %u of %zu occurs twice or does not exist", output.program_output, count);
    }
    has_value = has_value || output.kind == OutputKind::kValue;
    const SignatureOutput* guard = signature.imaginary_guard(output);
    if (guard != nullptr &&
        (signature.packing != Packing::kLatency || guard->level != output.level || guard->scale != output.scale)) {
      fail(Code::kMalformed, "signature: output %s has an imaginary guard of another level or scale, or in another packing",
           output.name.c_str());
    }
  }
  if (!has_value) {
    fail(Code::kMalformed, "signature: none of %zu outputs is a value", signature.outputs.size());
  }
}

std::vector<KeyRequirement> read_keys(ByteReader& reader, const Context& context) {
  const Ring& ring = context.ring();
  const u32 count = reader.u32("key count");
  reader.require(count, 5, "key count");
  std::vector<KeyRequirement> keys;
  for (u32 k = 0; k < count; ++k) {
    const KeyRequirement key{reader.u32("Galois element"), reader.u8("key level")};
    if ((key.galois != 0 && !is_galois_element(ring, key.galois)) || key.level > ring.max_level() ||
        ring.special_count() == 0) {
      fail(Code::kMalformed, "signature: a key of Galois element %u at level %d is outside the parameters", key.galois,
           key.level);
    }
    if (!keys.empty() && std::tie(key.galois, key.level) <= std::tie(keys.back().galois, keys.back().level)) {
      fail(Code::kMalformed, "signature: key %u does not ascend", k);
    }
    keys.push_back(key);
  }
  return keys;
}

KnownRows read_known(ByteReader& reader, const Context& context, const std::vector<SignatureOutput>& outputs) {
  KnownRows known;
  known.rows = reader.u16("known rows");
  if (known.rows == 0 || known.rows > kMostKnownRows || known.rows >= context.slots()) {
    fail(Code::kMalformed, "signature: %zu known rows, must be 1..%u and leave a slot of %zu to others", known.rows,
         kMostKnownRows, context.slots());
  }
  known.center = reader.f64("center of known rows");
  known.amplitude = reader.f64("amplitude of known rows");
  if (!(known.amplitude > 0) || !(std::fabs(known.center) + known.amplitude <= 1)) {
    fail(Code::kMalformed, "signature: known rows of amplitude %g around %g, must be above 0 and inside [-1, 1]",
         known.amplitude, known.center);
  }
  for (const SignatureOutput& output : outputs) {
    if (output.kind != OutputKind::kValue) {
      continue;
    }
    known.answers.push_back(read_numbers(reader, static_cast<u32>(known.rows) * output.count, "answers of known rows"));
    for (const double answer : known.answers.back()) {
      if (!(std::fabs(answer) <= output.bound)) {
        fail(Code::kMalformed, "signature: output %s: a known row's answer %g is beyond the bound %g",
             output.name.c_str(), answer, output.bound);
      }
    }
  }
  return known;
}

/// Reads the error bounds of each value, of which nothing here needs more than an output's largest.
void check_error_bounds(ByteReader& reader, const std::vector<SignatureOutput>& outputs) {
  for (const SignatureOutput& output : outputs) {
    if (output.kind != OutputKind::kValue) {
      continue;
    }
    const std::vector<double> bounds = read_numbers(reader, output.count, "error bounds");
    const auto [least, largest] = std::minmax_element(bounds.begin(), bounds.end());
    if (*least < 0 || *largest != output.error_bound) {
      fail(Code::kMalformed, "signature: output %s has error bounds %g to %g, must be 0 to %g", output.name.c_str(), *least, *largest,
           output.error_bound);
    }
  }
}

Packing read_packing(ByteReader& reader) {
  const u8 code = reader.u8("packing");
  if (code == static_cast<u8>(Packing::kLatency)) {
    fail(Code::kMalformed, "signature: the latency packing is written in version %u", kFirstVersion);
  }
  if (code != static_cast<u8>(Packing::kThroughput)) {
    fail(Code::kUnsupported, "signature: packing %u, this build reads 0 (latency) and 1 (throughput)", code);
  }
  return Packing::kThroughput;
}

}  // namespace

const SignatureOutput* Signature::imaginary_guard(const SignatureOutput& output) const {
  if (output.kind == OutputKind::kImaginaryGuard) return nullptr;
  for (const SignatureOutput& other : outputs) {
    if (other.kind == OutputKind::kImaginaryGuard && other.program_output == output.program_output) return &other;
  }
  return nullptr;
}

double KnownRows::feature(std::size_t row, std::size_t feature) const {
  constexpr double kGolden = 0.6180339887498949;
  const double turns = (static_cast<double>(row) + 1) * (static_cast<double>(feature) + 1) * kGolden;
  return center + amplitude * (2 * (turns - std::floor(turns)) - 1);
}

Signature load_signature(const Context& context, const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kSignature, &context.spec().hash);
  ByteReader reader = blob.reader();
  const u16 outermost = reader.u16("body version");
  const u16 outer = outermost == kErrorsVersion ? reader.u16("version of the body inside") : outermost;
  const u16 version = outer == kTableVersion ? reader.u16("version of the body inside") : outer;
  if (version < kFirstVersion || version > kPackingVersion) {
    fail(version == 0 ? Code::kMalformed : Code::kUnsupported, "signature: version %u, this reader knows %u to %u", version, kFirstVersion,
         kPackingVersion);
  }
  const bool shifts = version >= kShiftVersion && version < kPackingVersion;
  Signature signature;
  signature.model = reader.string("model");
  signature.security_bits = reader.u16("security bits");
  if (version == kPackingVersion) {
    signature.packing = read_packing(reader);
  }
  const u16 inputs = reader.u16("input count");
  reader.require(inputs, kSmallestEntry, "input count");
  for (u16 k = 0; k < inputs; ++k) {
    signature.inputs.push_back(read_input(reader, context, signature.packing, shifts));
  }
  if (inputs == 0) {
    fail(Code::kMalformed, "signature: no input");
  }
  const u16 outputs = reader.u16("output count");
  reader.require(outputs, kSmallestEntry, "output count");
  for (u16 k = 0; k < outputs; ++k) {
    signature.outputs.push_back(read_output(reader, context, signature.packing));
  }
  check_outputs(signature);
  signature.tail_inputs = read_names(reader, reader.u16("tail inputs"), "tail input");
  const u16 nodes = reader.u16("tail nodes");
  reader.require(nodes, kSmallestNode, "tail nodes");
  for (u16 k = 0; k < nodes; ++k) {
    signature.tail_nodes.push_back(read_node(reader));
  }
  signature.tail_outputs = read_names(reader, reader.u16("tail outputs"), "tail output");
  signature.keys = read_keys(reader, context);
  if (version % 2 ==
      0) {  // the reserve for sharing: how many results, statistical bits, noise; nothing here shares values
    reader.u64("shared results");
    reader.u8("statistical bits");
    reader.f64("noise of shared values");
  }
  if (signature.packing == Packing::kThroughput) {
    signature.known = read_known(reader, context, signature.outputs);
  }
  if (outer == kTableVersion) {  // names of features and inputs of whole numbers; nothing here reads rows
    read_names(reader, reader.u32("feature names"), "feature name");
    const u16 wholes = reader.u16("inputs of whole numbers");
    for (u16 k = 0; k < wholes; ++k) {
      reader.u16("input of whole numbers");
    }
  }
  if (outermost == kErrorsVersion) {
    check_error_bounds(reader, signature.outputs);
  }
  reader.expect_end();
  return signature;
}

ArtifactSections open_artifact(const u8* data, std::size_t size) {
  const BlobView blob = open_blob(data, size, BlobKind::kArtifact, nullptr);
  ByteReader reader = blob.reader();
  const int count = reader.u8("section count");
  if (count != kArtifactSections) {
    fail(Code::kMalformed, "artifact: %d sections, there are %d", count, kArtifactSections);
  }
  Section sections[kArtifactSections];
  for (int k = 0; k < kArtifactSections; ++k) {
    const int kind = reader.u8("section kind");
    if (kind != k + 1) {
      fail(Code::kMalformed, "artifact: section %d is of kind %d, must be %d", k, kind, k + 1);
    }
    const u64 length = reader.u64("section length");
    reader.require(length, 1, "section");
    sections[k].size = static_cast<std::size_t>(length);
    sections[k].data = reader.bytes(sections[k].size, "section");
  }
  reader.expect_end();
  return {sections[0], sections[1], sections[2]};
}

}  // namespace tacet
