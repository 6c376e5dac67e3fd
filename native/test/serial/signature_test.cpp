// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <limits>

#include "serial/signature_codec.h"
#include "support/fixture.h"
#include "support/signature_bytes.h"

namespace tacet {
namespace {

using testing::expect_error;
using testing::Lab;
using testing::Shape;
using testing::SignatureBytes;

constexpr double kNotFinite[] = {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(),
                                 -std::numeric_limits<double>::infinity()};

class SignatureCodec : public ::testing::TestWithParam<RingType> {
 protected:
  /// The blob around a body: right header, length and checksum.
  std::vector<u8> blob(const std::vector<u8>& body) const {
    std::vector<u8> bytes(blob_size(body.size()));
    ByteWriter writer(bytes.data(), bytes.size());
    write_blob_header(writer, BlobKind::kSignature, lab.context->spec().hash, body.size());
    writer.bytes(body.data(), body.size());
    write_blob_trailer(writer);
    return bytes;
  }

  Signature load(const std::vector<u8>& body) const {
    const std::vector<u8> bytes = blob(body);
    return load_signature(*lab.context, bytes.data(), bytes.size());
  }
  Signature load(const SignatureBytes& s) const { return load(s.body()); }

  void refused(const SignatureBytes& s, const std::vector<std::string>& parts, Code code = Code::kMalformed) const {
    expect_error(code, parts, [&] { load(s); });
  }

  /// The field that `set` changes is refused for each number that is not finite.
  template <class Set>
  void must_be_finite(const Set& set) const {
    for (const double number : kNotFinite) {
      SignatureBytes s = SignatureBytes::throughput();
      set(s) = number;
      refused(s, {"signature"});
    }
  }

  const Lab lab{Shape{5, 2, 40, 2, 2, GetParam()}};
};

INSTANTIATE_TEST_SUITE_P(Rings, SignatureCodec, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

TEST_P(SignatureCodec, ReadsEveryVersion) {
  for (const u16 version : {u16{1}, u16{2}, u16{3}, u16{4}}) {
    SignatureBytes s;
    s.version = version;
    s.copy_shift = 2;
    const Signature read = load(s);
    EXPECT_EQ(Packing::kLatency, read.packing);
    EXPECT_EQ(version >= 3 ? 2u : 0u, read.inputs.at(0).copy_shift);
    EXPECT_EQ(0u, read.known.rows);
    EXPECT_EQ(1u, read.ciphertexts(3));
  }
}

TEST_P(SignatureCodec, ReadsOverATableOfFeatures) {
  for (SignatureBytes s : {SignatureBytes(), SignatureBytes::throughput()}) {
    s.names = {"age", "height", ""};
    EXPECT_EQ(1u, load(s).inputs.size());
    s.version = 9;
    refused(s, {"version 9"}, Code::kUnsupported);
  }
}

TEST_P(SignatureCodec, ReadsOverErrorBoundsOfEachValue) {
  for (SignatureBytes s : {SignatureBytes(), SignatureBytes::throughput()}) {
    s.value_errors = {0.001, 0.02};
    EXPECT_EQ(0.02, load(s).outputs.at(0).error_bound);
    s.names = {"age", "height", ""};
    EXPECT_EQ(0.02, load(s).outputs.at(0).error_bound);
    s.value_errors = {0.001, 0.019};
    refused(s, {"error bounds 0.001 to 0.019", "0.02"});
    s.value_errors = {-0.001, 0.02};
    refused(s, {"error bounds -0.001 to 0.02"});
    s.value_errors = {0.02};
    refused(s, {});
    s.value_errors = {0.001, 0.02, 0.001};
    refused(s, {});
    s.value_errors = {0.001, 0.02};
    s.version = 10;
    refused(s, {"version 10"}, Code::kUnsupported);
  }
  for (const double number : kNotFinite) {
    SignatureBytes s;
    s.value_errors = {number, 0.02};
    refused(s, {});
  }
}

TEST_P(SignatureCodec, ReadsTheThroughputPackingWithItsKnownRows) {
  const Signature read = load(SignatureBytes::throughput());
  EXPECT_EQ(Packing::kThroughput, read.packing);
  EXPECT_EQ(3u, read.ciphertexts(read.inputs.at(0).features));
  EXPECT_EQ(2u, read.outputs.at(0).count);
  EXPECT_EQ(2u, read.known.rows);
  ASSERT_EQ(1u, read.known.answers.size());
  EXPECT_EQ(std::vector<double>(4, 0.75), read.known.answers[0]);
  ASSERT_EQ(1u, read.tail_nodes.size());
  EXPECT_EQ(18, read.tail_nodes[0].op);
  ASSERT_EQ(1u, read.keys.size());
  EXPECT_EQ(0u, read.keys[0].galois);
}

TEST_P(SignatureCodec, KnownRowsHaveKnownFeatures) {
  KnownRows known;
  known.center = -0.25;
  known.amplitude = 0.5;
  // frac((k + 1)(f + 1) 0.6180339887498949) by hand: 0.61803.., 0.23606.., 0.70820.. (6 times)
  EXPECT_NEAR(-0.25 + 0.5 * (2 * 0.6180339887498949 - 1), known.feature(0, 0), 1e-15);
  EXPECT_NEAR(-0.25 + 0.5 * (2 * 0.2360679774997898 - 1), known.feature(1, 0), 1e-15);
  EXPECT_NEAR(-0.25 + 0.5 * (2 * 0.7082039324993694 - 1), known.feature(1, 2), 1e-15);
}

TEST_P(SignatureCodec, EveryTruncationAndEveryByteTooManyIsRefused) {
  for (const SignatureBytes& s : {SignatureBytes(), SignatureBytes::throughput()}) {
    const std::vector<u8> body = s.body();
    for (std::size_t size = 0; size < body.size(); ++size) {
      expect_error(Code::kMalformed, {"signature"},
                   [&] { load(std::vector<u8>(body.begin(), body.begin() + static_cast<long>(size))); });
    }
    std::vector<u8> longer = body;
    longer.push_back(0);
    expect_error(Code::kMalformed, {"signature"}, [&] { load(longer); });
  }
}

TEST_P(SignatureCodec, OtherVersionsAndPackingsAreRefusedByNumber) {
  SignatureBytes s = SignatureBytes::throughput();
  s.version = 0;
  refused(s, {"version 0", "1 to 5"});
  s.version = 6;
  refused(s, {"version 6", "1 to 5"}, Code::kUnsupported);
  s.version = 5;
  s.packing = 0;
  refused(s, {"latency", "version 1"});
  for (const u8 packing : {u8{9}, u8{255}}) {
    s.packing = packing;
    refused(s, {"packing " + std::to_string(packing)}, Code::kUnsupported);
  }
}

TEST_P(SignatureCodec, NumbersMustBeFinite) {
  must_be_finite([](SignatureBytes& s) -> double& { return s.low; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.high; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.center; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.half_width; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.factor; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.offset; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.bound; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.slot_error; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.error_bound; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.known_center; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.known_amplitude; });
  must_be_finite([](SignatureBytes& s) -> double& { return s.known_answer; });
}

TEST_P(SignatureCodec, ShapesAndPeriodsFitThePacking) {
  SignatureBytes s = SignatureBytes::throughput();
  s.in_period = 4;
  refused(s, {"input x", "3 features", "period of 4"});
  s = SignatureBytes::throughput();
  s.out_period = 2;
  refused(s, {"output y", "2 values", "period of 2"});
  s = SignatureBytes::throughput();
  s.guard_count = 0;
  refused(s, {"guard of a", "0 values"});
  s = SignatureBytes::throughput();
  s.shape = {4097};
  s.features = 4097;
  refused(s, {"4097 features"});
  s = SignatureBytes::throughput();
  s.shape = {2, 2};
  refused(s, {"3 features", "shape of 4"});
  s.shape = {3, 0};
  refused(s, {"dimension 1", "0"});
  s.shape = std::vector<u32>(9, 1);
  refused(s, {"9 dimensions"});
  s = SignatureBytes();
  s.count = 4;
  refused(s, {"4 values", "zero"});
  s = SignatureBytes();
  s.in_period = 3;
  refused(s, {"period 3"});
  s = SignatureBytes();
  s.in_period = 2;
  refused(s, {"3 features", "period of 2"});
  s = SignatureBytes();
  s.version = 3;
  s.copy_shift = 4;
  refused(s, {"copy shift 4"});
}

TEST_P(SignatureCodec, BoundsAndTolerancesMeanSomething) {
  SignatureBytes s = SignatureBytes::throughput();
  s.low = 2;
  refused(s, {"feature 0", "2..1"});
  s = SignatureBytes::throughput();
  s.half_width = 0;
  refused(s, {"half width 0"});
  s = SignatureBytes::throughput();
  s.slot_error = 0.26;
  refused(s, {"slot error 0.26"});
  s = SignatureBytes::throughput();
  s.bound = -1;
  refused(s, {"bound -1"});
  s = SignatureBytes::throughput();
  s.kind = 1;
  refused(s, {"none of 2 outputs is a value"});
  s.kind = 3;  // a guard beside an output that does not exist
  refused(s, {"program output", "does not exist"});
  s.kind = 4;
  refused(s, {"output kind 4"});
  s = SignatureBytes::throughput();
  s.program_output = 1;
  refused(s, {"program output 1"});
}

TEST_P(SignatureCodec, KnownRowsStayInsideTheirBounds) {
  SignatureBytes s = SignatureBytes::throughput();
  s.known_rows = 0;
  refused(s, {"0 known rows"});
  const std::string slots = std::to_string(lab.slots());
  s.known_rows = static_cast<u16>(lab.slots());
  refused(s, {slots + " known rows", "slot of " + slots});
  s.known_rows = 1025;
  refused(s, {"1025 known rows"});
  s = SignatureBytes::throughput();
  s.known_amplitude = 0;
  refused(s, {"amplitude 0"});
  s.known_amplitude = 0.76;
  refused(s, {"amplitude 0.76", "-0.25"});
  s = SignatureBytes::throughput();
  s.known_answer = -1.25;
  refused(s, {"output y", "-1.25", "bound 1"});
}

TEST_P(SignatureCodec, LevelsKeysAndTailsAreOfTheParameters) {
  SignatureBytes s = SignatureBytes::throughput();
  s.in_level = 3;
  refused(s, {"level 3", "level 2"});
  s = SignatureBytes::throughput();
  s.out_level = 3;
  refused(s, {"level 3"});
  s = SignatureBytes::throughput();
  s.key_level = 3;
  refused(s, {"key of Galois element 0 at level 3"});
  s = SignatureBytes::throughput();
  s.galois = {4};
  refused(s, {"Galois element 4"});
  s.galois = {3};
  if (GetParam() == RingType::kConjugateInvariant) refused(s, {"Galois element 3"});
  s.galois = {5, 0};
  refused(s, {"key 1 does not ascend"});
  s = SignatureBytes::throughput();
  s.tail_op = kTailOps;
  refused(s, {"tail op " + std::to_string(kTailOps), "0.." + std::to_string(kTailOps - 1)});
}

TEST_P(SignatureCodec, ABlobOfOtherParametersOrAnotherKindIsRefused) {
  std::vector<u8> bytes = blob(SignatureBytes::throughput().body());
  ParameterSpec spec = lab.context->spec();
  spec.hash[0] ^= 1;
  const Lab other{spec};
  expect_error(Code::kMalformed, {"parameters"}, [&] { load_signature(*other.context, bytes.data(), bytes.size()); });
  bytes[bytes.size() / 2] ^= 1;
  expect_error(Code::kMalformed, {"checksum"}, [&] { load_signature(*lab.context, bytes.data(), bytes.size()); });
}

}  // namespace
}  // namespace tacet
