// SPDX-License-Identifier: Apache-2.0
#include "circuits/matrix_product.h"

#include <gtest/gtest.h>

#include <limits>

#include "support/fixture.h"
#include "util/buffer.h"
#include "util/cancel.h"
#include "util/thread_pool.h"

namespace tacet {
namespace {

using testing::expect_error;
using testing::Lab;
using testing::Shape;

/// A matrix, a bias and encrypted columns, with a function for what comes out.
struct Layer {
  Layer(Lab& l, std::size_t row_count, std::size_t column_count, double largest = 1)
      : lab(l), rows(row_count), columns(column_count), weights(rows * columns), bias(rows) {
    std::mt19937_64 engine(rows * 131 + columns);
    std::uniform_real_distribution<double> numbers(-largest, largest);
    for (double& w : weights) w = numbers(engine);
    for (double& b : bias) b = numbers(engine);
    for (std::size_t c = 0; c < columns; ++c) {
      slots.push_back(lab.random(static_cast<unsigned>(c) + 1));
      features.push_back(lab.encrypt(slots.back()));
    }
  }

  MatrixProduct encode(const Scale& plain) const {
    return MatrixProduct::encode(lab.context, rows, columns, weights.data(), bias.data(), features[0].level, features[0].scale,
                                 plain);
  }

  std::vector<const Ciphertext*> x() const {
    std::vector<const Ciphertext*> out;
    for (const Ciphertext& feature : features) out.push_back(&feature);
    return out;
  }

  double worst(const std::vector<Ciphertext>& out) const {
    double error = 0;
    for (std::size_t r = 0; r < rows; ++r) {
      error = std::fmax(error, lab.error(out[r], [&](std::size_t j) {
        double sum = bias[r];
        for (std::size_t c = 0; c < columns; ++c) sum += weights[r * columns + c] * slots[c][j];
        return sum;
      }));
    }
    return error;
  }

  Lab& lab;
  std::size_t rows, columns;
  std::vector<double> weights, bias;
  std::vector<std::vector<double>> slots;
  std::vector<Ciphertext> features;
};

class MatrixProductIn : public ::testing::TestWithParam<RingType> {};

INSTANTIATE_TEST_SUITE_P(Rings, MatrixProductIn, ::testing::ValuesIn(testing::kBothRings),
                         [](const auto& test) { return testing::name_of(test.param); });

TEST_P(MatrixProductIn, OfAnyShapeIsTheProductAndTheBias) {
  Lab lab(Shape{7, 2, 40, 1, 1, GetParam()});
  const Scale plain = Scale().times_prime(2);
  for (std::size_t rows : {1, 3, 8, 13}) {
    for (std::size_t columns : {1, 5, 24}) {
      const Layer layer(lab, rows, columns);
      const MatrixProduct product = layer.encode(plain);
      EXPECT_EQ(0, product.small_limbs());
      const std::vector<Ciphertext> out = product.apply(layer.x());
      ASSERT_EQ(rows, out.size());
      EXPECT_TRUE(out[0].scale == lab.scale * plain);
      EXPECT_EQ(2, out[0].level);
      EXPECT_LT(layer.worst(out), 1e-6) << rows << " x " << columns;
      std::vector<Ciphertext> rescaled;
      for (const Ciphertext& each : out) rescaled.push_back(lab.evaluator.rescale(each));
      EXPECT_TRUE(rescaled[0].scale == lab.scale);
      EXPECT_LT(layer.worst(rescaled), 1e-6);
    }
  }
}

TEST_P(MatrixProductIn, StripesCoverALargeRing) {
  Lab lab(Shape{11, 1, 40, 1, 1, GetParam()});
  const Layer layer(lab, 5, 9);
  EXPECT_LT(layer.worst(layer.encode(Scale::power_of_two(30)).apply(layer.x())), 1e-5);
}

/// Integers of few bits take the one-multiplication form by the primes that leave room, and mean the same.
TEST_P(MatrixProductIn, SmallIntegersGiveTheSameBitsAsResidues) {
  Lab lab(Shape{7, 2, 40, 1, 1, GetParam()});
  Layer layer(lab, 7, 11, 100);
  for (double& w : layer.weights) w = std::nearbyint(w);
  const MatrixProduct product = layer.encode(Scale());
  EXPECT_EQ(2, product.small_limbs());  // by the two primes of 40 bits, not by the one of 49
  const std::vector<Ciphertext> out = product.apply(layer.x());
  EXPECT_LT(layer.worst(out), 1e-4);
  for (std::size_t r = 0; r < layer.rows; ++r) {
    Ciphertext sum = lab.evaluator.multiply_scalar(layer.features[0], layer.weights[r * layer.columns], Scale());
    for (std::size_t c = 1; c < layer.columns; ++c) {
      sum = lab.evaluator.add(
          sum, lab.evaluator.multiply_scalar(layer.features[c], layer.weights[r * layer.columns + c], Scale()));
    }
    sum = lab.evaluator.add_scalar(sum, layer.bias[r]);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(0, std::memcmp(sum.components[k].limb(0), out[r].components[k].limb(0), sum.components[k].bytes()));
    }
  }
}

TEST_P(MatrixProductIn, TernaryWeightsAreSmallByEveryPrime) {
  Lab lab(Shape{6, 1, 40, 1, 1, GetParam()});
  Layer layer(lab, 4, 6);
  for (double& w : layer.weights) w = std::nearbyint(w);
  const MatrixProduct product = layer.encode(Scale());
  EXPECT_EQ(2, product.small_limbs());
  EXPECT_EQ(8u * (4 * 6 + 2 * 4), product.bytes());  // one form of the weights, a bias by each prime
  EXPECT_LE(static_cast<double>(product.bytes()), MatrixProduct::largest_bytes(4, 6, 1));
  EXPECT_LT(layer.worst(product.apply(layer.x())), 1e-6);
}

/// Windows over a row of features: what is left out are products by zero, and the bits are those of the sum of the others.
TEST_P(MatrixProductIn, LeavesProductsByZeroOut) {
  Lab lab(Shape{7, 2, 40, 1, 1, GetParam()});
  for (const double largest : {1.0, 100.0}) {
    Layer layer(lab, 24, 16, largest);
    for (std::size_t r = 0; r < layer.rows; ++r) {
      for (std::size_t c = 0; c < layer.columns; ++c) {
        double& w = layer.weights[r * layer.columns + c];
        w = r == 5 || c / 4 != r % 4 ? 0 : std::nearbyint(w * 3);
      }
    }
    const MatrixProduct product = layer.encode(Scale());
    EXPECT_LT(product.products(), 24u * 16 / 2);
    const std::vector<Ciphertext> out = product.apply(layer.x());
    EXPECT_LT(layer.worst(out), 1e-4);
    Ciphertext sum = lab.evaluator.multiply_scalar(layer.features[4], layer.weights[9 * 16 + 4], Scale());
    for (std::size_t c = 5; c < 8; ++c) {
      sum = lab.evaluator.add(sum, lab.evaluator.multiply_scalar(layer.features[c], layer.weights[9 * 16 + c], Scale()));
    }
    sum = lab.evaluator.add_scalar(sum, layer.bias[9]);
    for (std::size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(0, std::memcmp(sum.components[k].limb(0), out[9].components[k].limb(0), sum.components[k].bytes()));
    }
  }
}

TEST_P(MatrixProductIn, OfSquaresNeedsNoRelinearizationBefore) {
  Lab lab(Shape{7, 2, 40, 1, 1, GetParam()});
  lab.add_key(0);
  const Layer layer(lab, 3, 6);
  std::vector<Ciphertext> squares;
  std::vector<const Ciphertext*> x;
  for (const Ciphertext& feature : layer.features) squares.push_back(lab.evaluator.rescale(lab.evaluator.square(feature)));
  for (const Ciphertext& square : squares) x.push_back(&square);
  const MatrixProduct product = MatrixProduct::encode(lab.context, 3, 6, layer.weights.data(), layer.bias.data(), 1,
                                                      squares[0].scale, Scale::power_of_two(30));
  const std::vector<Ciphertext> out = product.apply(x);
  for (std::size_t r = 0; r < 3; ++r) {
    EXPECT_EQ(3, out[r].size());
    const auto expected = [&](std::size_t j) {
      double sum = layer.bias[r];
      for (std::size_t c = 0; c < 6; ++c) sum += layer.weights[r * 6 + c] * layer.slots[c][j] * layer.slots[c][j];
      return sum;
    };
    EXPECT_LT(lab.error(lab.evaluator.relinearize(out[r]), expected), 1e-5);
  }
}

TEST_P(MatrixProductIn, WhatDoesNotFitIsRefusedWithItsNumbers) {
  Lab lab(Shape{6, 2, 40, 1, 1, GetParam()});
  Layer layer(lab, 2, 3);
  const MatrixProduct product = layer.encode(Scale::power_of_two(20));
  std::vector<const Ciphertext*> x = layer.x();
  x.pop_back();
  expect_error(Code::kInvalidArgument, {"2 ciphertexts", "3 columns"}, [&] { product.apply(x); });
  const Ciphertext low = lab.encrypt(layer.slots[0], 1);
  x.push_back(&low);
  expect_error(Code::kInvalidArgument, {"ciphertext 2", "level 2", "level 1"}, [&] { product.apply(x); });
  const Ciphertext square = lab.evaluator.square(layer.features[0]);
  x[2] = &square;
  expect_error(Code::kInvalidArgument, {"ciphertext 2", "scale 2^80"}, [&] { product.apply(x); });
  const auto encode = [&](std::size_t rows, std::size_t columns, int level, const Scale& plain) {
    return MatrixProduct::encode(lab.context, rows, columns, layer.weights.data(), layer.bias.data(), level, lab.scale, plain);
  };
  expect_error(Code::kInvalidArgument, {"0 x 3"}, [&] { encode(0, 3, 2, Scale()); });
  expect_error(Code::kInvalidArgument, {"2 x 4097", "1..4096"}, [&] { encode(2, 4097, 2, Scale()); });
  expect_error(Code::kInvalidArgument, {"level 3", "0..2"}, [&] { encode(2, 3, 3, Scale()); });
  expect_error(Code::kInvalidArgument, {"weight of row 0, column 0", "2^200"}, [&] { encode(2, 3, 2, Scale::power_of_two(200)); });
  layer.weights[4] = -std::numeric_limits<double>::max();
  expect_error(Code::kInvalidArgument, {"weight of row 1, column 1"}, [&] { encode(2, 3, 2, Scale().times_prime(2)); });
  layer.weights[4] = std::numeric_limits<double>::quiet_NaN();
  expect_error(Code::kInvalidArgument, {"row 1, column 1", "NaN"}, [&] { encode(2, 3, 2, Scale()); });
}

TEST_P(MatrixProductIn, ASetFlagStopsItBetweenStripes) {
  Lab lab(Shape{6, 1, 40, 1, 1, GetParam()});
  const Layer layer(lab, 2, 2);
  const MatrixProduct product = layer.encode(Scale());
  const CancelFlag flag{1};
  const CancelScope scope(&flag);
  expect_error(Code::kCancelled, {}, [&] { product.apply(layer.x()); });
}

#if !defined(TACET_SANITIZED)  // freed blocks are not kept under the address sanitizer
TEST_P(MatrixProductIn, ThatIsAppliedAgainTakesNoMemoryFromTheSystem) {
  Lab lab(Shape{11, 2, 40, 1, 1, GetParam()});
  const Layer layer(lab, 9, 40);  // whose tiles are large enough to be kept
  for (const bool small : {false, true}) {
    const MatrixProduct product = layer.encode(small ? Scale::power_of_two(7) : Scale().times_prime(2));
    EXPECT_EQ(small, product.small_limbs() > 0);
    const std::vector<const Ciphertext*> x = layer.x();
    for (int i = 0; i < 3; ++i) product.apply(x);
    const u64 before = blocks_from_system();
    for (int i = 0; i < 20; ++i) product.apply(x);
    EXPECT_LE(blocks_from_system() - before, 2 * pool().size());  // how the threads interleave may ask for a few more
  }
}
#endif

}  // namespace
}  // namespace tacet
