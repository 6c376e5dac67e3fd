// SPDX-License-Identifier: Apache-2.0
#include "operations.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "circuits/linear_transform.h"
#include "circuits/matrix_product.h"
#include "rlwe/encryption.h"
#include "serial/object_codec.h"
#include "util/error.h"

namespace tacet::bench {
namespace {

constexpr int kHoisted = 4;       // rotations of one decomposition
constexpr int kMatrixLevel = 5;   // six primes left
constexpr std::size_t kColumns = 784, kRows = 128;  // of the matrix product: an image's pixels, a hidden layer
constexpr double kSmallWeights = 128;               // of 8 bits with their sign
constexpr double kMatrixInputBytes = 2.6e9;         // its inputs may take this much
constexpr double kWord = sizeof(u64);

PublicSeed next_public_seed() {
  static u8 id = 0;
  PublicSeed seed;
  seed.bytes.fill(++id);
  return seed;
}

SecretSeed next_secret_seed() {
  static u8 id = 0;
  const u8 bytes[32] = {++id, 0xbe};
  return SecretSeed(bytes);
}

std::vector<double> uniform_slots(std::size_t count, unsigned seed) {
  std::mt19937_64 engine(seed);
  std::uniform_real_distribution<double> numbers(-1, 1);
  std::vector<double> out(count);
  for (double& x : out) x = numbers(engine);
  return out;
}

/// Baby steps for `diagonals`: the power of two with the fewest rotations, more baby than giant steps.
std::size_t baby_steps_for(std::size_t diagonals) {
  std::size_t baby = 1;
  while (baby * baby < diagonals) baby *= 2;
  return baby;
}

}  // namespace

struct Bench::State {
  std::shared_ptr<const Context> context;
  Encoder encoder;
  SecretKey secret;
  std::vector<double> slots;
  Scale scale;
  Plaintext plain;
  Ciphertext x;
  std::vector<Ciphertext> made;
  std::optional<Plaintext> made_plain;
  std::optional<SeededEvaluationKey> made_key;
  std::shared_ptr<EvaluationKeySet> keys;
  std::shared_ptr<LinearTransform> transform;

  explicit State(std::shared_ptr<const Context> shared)
      : context(std::move(shared)),
        encoder(context),
        secret(SecretKey::from_seed(context->ring(), next_secret_seed())),
        slots(uniform_slots(context->slots(), 1)),
        scale(Scale::power_of_two(context->spec().log_scale)),
        plain(encode(slots, top())),
        x(encrypt(plain)) {}

  const Ring& ring() const { return context->ring(); }
  int top() const { return context->max_level(); }
  double n() const { return static_cast<double>(context->n()); }
  double limbs() const { return top() + 1; }

  Plaintext encode(const std::vector<double>& values, int level) const {
    return encoder.encode(values.data(), nullptr, values.size(), level, scale);
  }
  Ciphertext encrypt(const Plaintext& plaintext) const {
    return encrypt_secret(ring(), secret, plaintext, next_public_seed(), next_secret_seed());
  }

  u32 galois(i64 steps) const { return galois_element(ring(), steps); }

  Evaluator with_keys(const std::vector<u32>& elements, int level) {
    keys = std::make_shared<EvaluationKeySet>();
    for (const u32 element : elements) {
      keys->add(std::make_shared<EvaluationKey>(expand(
          ring(), make_evaluation_key(ring(), secret, element, level, next_public_seed(), next_secret_seed()))));
    }
    return Evaluator(context, keys);
  }

  /// Largest difference between the decrypted slots and `expected`, but for slots whose expected value is not a number.
  template <class Expected>
  double error(const Ciphertext& ciphertext, const Expected& expected) const {
    std::vector<double> real(slots.size());
    encoder.decode(decrypt(ring(), secret, ciphertext), real.data(), nullptr);
    double worst = 0;
    for (std::size_t i = 0; i < real.size(); ++i) worst = std::fmax(worst, std::fabs(real[i] - expected(i)));
    return worst;
  }

  void check_two_primes() const {
    if (top() < 1) fail(Code::kUnsupported, "the chain has one prime");
  }

  // The least work of parts of an operation at `level`.
  Work transforms(double count) const { return Work().transforms(count, n(), context->ring().log_n()); }

  /// Digits, products with the key and division by P, of one key switch.
  Work key_switch(int level) const {
    Work work = decomposition(level);
    return add(work, gadget(level));
  }
  Work decomposition(int level) const {
    const double q = level + 1, k = ring().special_count(), digits = ring().digits(level);
    Work work = transforms(q + digits * (q + k) - q);
    work.products = q * n();
    work.terms = (digits * (q + k) - q) * n() * ring().digit_size();
    return work;
  }
  Work gadget(int level) const {
    const double q = level + 1, k = ring().special_count(), digits = ring().digits(level);
    Work work = transforms(2 * (k + q));
    work.terms = 2 * digits * (q + k) * n() + 2 * q * k * n();
    work.products = 2 * q * n();
    work.bytes = 2 * digits * (q + k) * n() * kWord;
    return work;
  }
  /// The product with the key alone, left times P.
  Work gadget_sum(int level) const {
    Work work = gadget(level);
    work.butterflies = 0;
    return work;
  }
  static Work add(Work a, const Work& b) {
    a.butterflies += b.butterflies;
    a.products += b.products;
    a.terms += b.terms;
    a.small_terms += b.small_terms;
    a.flops += b.flops;
    a.random_words += b.random_words;
    a.bytes += b.bytes;
    return a;
  }
  /// The transform between slots and coefficients: 10 operations a complex butterfly.
  double slot_flops() const {
    const double count = static_cast<double>(context->slots());
    return 10 * (count / 2) * std::log2(count);
  }

  Operation ntt(bool forward);
  Operation encode_op();
  Operation encrypt_op(bool with_public_key);
  Operation decrypt_decode();
  Operation multiply_plain();
  Operation rescale();
  Operation rotate();
  Operation rotate_hoisted();
  Operation multiply_whole();
  Operation linear(std::size_t size, DiagonalForm form = DiagonalForm::kResidues);
  Operation linear_squat();
  Operation matrix_product(bool small);
  Operation key_expansion();
  Operation keygen();
};

Operation Bench::State::ntt(bool forward) {
  auto limb = std::make_shared<Poly<Eval>>(context->n(), 1);
  const NttTable& table = ring().ntt(std::min(1, top()));
  std::copy_n(x.components[0].limb(std::min(1, top())), context->n(), limb->limb(0));
  const auto kernel = forward ? kernels().ntt_forward : kernels().ntt_inverse;
  return {forward ? "ntt_forward" : "ntt_inverse", n(), transforms(1),
          [limb, &table, kernel] { kernel(limb->limb(0), table); }};
}

Operation Bench::State::encode_op() {
  Work work = transforms(limbs());
  work.flops = slot_flops();
  work.products = limbs() * n();
  return {"encode", static_cast<double>(slots.size()), work, [this] { made_plain = encode(slots, top()); }};
}

Operation Bench::State::encrypt_op(bool with_public_key) {
  Work work = transforms((with_public_key ? 3 : 1) * limbs());
  work.products = (with_public_key ? 2 : 1) * limbs() * n();
  work.random_words = with_public_key ? 3 * n() : (limbs() + 1) * n();
  if (!with_public_key) return {"encrypt_secret", limbs() * n(), work, [this] { made.push_back(encrypt(plain)); }};
  auto key = std::make_shared<PublicKey>(make_public_key(ring(), secret, next_public_seed(), next_secret_seed()));
  return {"encrypt_public", limbs() * n(), work,
          [this, key] { made.push_back(encrypt_public(ring(), *key, plain, next_secret_seed())); }};
}

Operation Bench::State::decrypt_decode() {
  // One prime: what a client receives when the host has used up the chain.
  const int bits = std::min(context->spec().log_scale, static_cast<int>(ring().log2_q(0)) - 5);
  auto low = std::make_shared<Ciphertext>(
      encrypt(encoder.encode(slots.data(), nullptr, slots.size(), 0, Scale::power_of_two(bits))));
  Work work = transforms(1);
  work.products = n();
  work.flops = slot_flops();
  auto out = std::make_shared<std::vector<double>>(slots.size());
  return {"decrypt_decode", static_cast<double>(slots.size()), work, [this, low, out] {
            encoder.decode(decrypt(ring(), secret, *low), out->data(), nullptr);
          }};
}

Operation Bench::State::multiply_plain() {
  Work work;
  work.products = 2 * limbs() * n();
  const Evaluator evaluator(context, nullptr);
  return {"multiply_plain", limbs() * n(), work,
          [this, evaluator] { made.push_back(evaluator.multiply_plain(x, plain)); }};
}

Operation Bench::State::rescale() {
  check_two_primes();
  Work work = transforms(2 * limbs());
  work.products = 2 * (limbs() - 1) * n();
  const Evaluator evaluator(context, nullptr);
  return {"rescale", limbs() * n(), work, [this, evaluator] { made.push_back(evaluator.rescale(x)); }};
}

Operation Bench::State::rotate() {
  const Evaluator evaluator = with_keys({galois(1)}, top());
  const std::size_t count = slots.size();
  const double worst = error(evaluator.rotate(x, 1), [&](std::size_t i) { return slots[(i + 1) % count]; });
  return {"rotate", limbs() * n(), key_switch(top()), [this, evaluator] { made.push_back(evaluator.rotate(x, 1)); },
          nullptr,  1,           worst};
}

Operation Bench::State::rotate_hoisted() {
  std::vector<i64> steps;
  std::vector<u32> elements;
  for (int i = 1; i <= kHoisted; ++i) {
    steps.push_back(i);
    elements.push_back(galois(i));
  }
  const Evaluator evaluator = with_keys(elements, top());
  const auto rotations = [this, evaluator](const std::vector<i64>& all) {
    for (Ciphertext& one : evaluator.rotate_hoisted(x, all)) made.push_back(std::move(one));
  };
  return {"rotate_hoisted", limbs() * n(), gadget(top()), [rotations, steps] { rotations(steps); },
          [rotations] { rotations({1}); }, kHoisted - 1};
}

Operation Bench::State::multiply_whole() {
  check_two_primes();
  const Evaluator evaluator = with_keys({0}, top());
  auto y = std::make_shared<Ciphertext>(encrypt(plain));
  const auto product = [this, evaluator, y] { return evaluator.multiply_relinearize_rescale(x, *y); };
  Work work = add(key_switch(top()), transforms(2 * limbs()));
  work.products += 4 * limbs() * n() + 2 * (limbs() - 1) * n();
  const double worst = error(product(), [&](std::size_t i) { return slots[i] * slots[i]; });
  return {"multiply_relinearize_rescale", limbs() * n(), work, [this, product] { made.push_back(product()); }, nullptr, 1, worst};
}

Operation Bench::State::linear(std::size_t size, DiagonalForm form) {
  const int level = std::min(kMatrixLevel, top());
  const bool integers = form == DiagonalForm::kIntegers;
  const double limbs_each = level + 1 + ring().special_count(), kept = static_cast<double>(size) * n() * (integers ? 1 : limbs_each);
  const double residues = static_cast<double>(size) * limbs_each * n();
  if (slots.size() < size) fail(Code::kUnsupported, "%zu slots hold no vector of %zu", slots.size(), size);
  if (kept * kWord > 4e9) fail(Code::kUnsupported, "its diagonals would take %.1f GB of memory", kept * kWord / 1e9);
  const std::size_t baby = baby_steps_for(size);
  std::vector<double> matrix = uniform_slots(size * size, 2);
  for (double& entry : matrix) entry /= static_cast<double>(size);
  transform = std::make_shared<LinearTransform>(
      LinearTransform::encode(context, size, size, size, size, matrix.data(), baby, level, scale, form));
  if (transform->form() != form) fail(Code::kUnsupported, "its diagonals do not fit the first prime");
  std::vector<u32> elements;
  for (const i64 step : LinearTransform::rotations(size, size, baby)) elements.push_back(galois(step));
  const Evaluator evaluator = with_keys(elements, level);
  std::vector<double> repeated(slots.size());
  for (std::size_t i = 0; i < repeated.size(); ++i) repeated[i] = slots[i % size];
  auto input = std::make_shared<Ciphertext>(encrypt(encode(repeated, level)));
  const double giants = static_cast<double>(size / baby - 1), babies = static_cast<double>(baby - 1);
  // One decomposition for the baby steps, one for each giant step; products with the diagonals; two divisions by P at the end.
  Work work;
  for (int i = 0; i <= static_cast<int>(giants); ++i) work = add(work, decomposition(level));
  for (int i = 0; i < static_cast<int>(giants + babies); ++i) work = add(work, gadget_sum(level));
  work = add(work, transforms(2 * (level + 1 + ring().special_count()) + giants * (level + 1 + ring().special_count())));
  work.terms += 2 * residues;
  work.bytes += kept * kWord;
  if (integers) work = add(work, transforms(static_cast<double>(size) * limbs_each));
  const double worst = error(transform->apply(evaluator, *input), [&](std::size_t i) {
    double sum = 0;
    for (std::size_t c = 0; c < size; ++c) sum += matrix[(i % size) * size + c] * repeated[c];
    return sum;
  });
  return {"linear_transform_" + std::to_string(size) + (integers ? "_integers" : ""), (level + 1) * n(), work,
          [this, evaluator, input] { made.push_back(transform->apply(evaluator, *input)); }, nullptr, 1, worst};
}

// The same product of 128 x 128 where the client has free slots: block c of 256 slots holds the vector, turned by 8 c, twice, so
// that 8 diagonals of period 4096 do the work of 128, and four rotations add up the 16 blocks.
Operation Bench::State::linear_squat() {
  constexpr std::size_t kSize = 128, kBlock = 2 * kSize, kCopies = 16, kDiagonals = kSize / kCopies;
  constexpr std::size_t kPeriod = kBlock * kCopies;
  const int level = std::min(kMatrixLevel, top());
  if (slots.size() < kPeriod) fail(Code::kUnsupported, "%zu slots are fewer than %zu", slots.size(), kPeriod);
  std::vector<double> matrix = uniform_slots(kSize * kSize, 2);
  for (double& entry : matrix) entry /= kSize;
  std::vector<double> squat(kDiagonals * kPeriod);
  std::vector<double> input(slots.size());
  for (std::size_t j = 0; j < kPeriod; ++j) {
    const std::size_t copy = j / kBlock, row = j % kBlock;
    for (std::size_t d = 0; row < kSize && d < kDiagonals; ++d) {
      squat[(j % kDiagonals) * kPeriod + (j + d) % kPeriod] = matrix[row * kSize + (row + copy * kDiagonals + d) % kSize];
    }
  }
  for (std::size_t j = 0; j < input.size(); ++j) {
    input[j] = slots[(j % kBlock + j % kPeriod / kBlock * kDiagonals) % kSize];
  }
  transform = std::make_shared<LinearTransform>(LinearTransform::encode(
      context, kDiagonals, kPeriod, kPeriod, kDiagonals, squat.data(), kDiagonals, level, scale));
  std::vector<u32> elements;
  for (const i64 step : LinearTransform::rotations(kPeriod, kDiagonals, kDiagonals)) elements.push_back(galois(step));
  for (std::size_t step = kBlock; step < kPeriod; step *= 2) elements.push_back(galois(static_cast<i64>(step)));
  const Evaluator evaluator = with_keys(elements, level);
  auto x_low = std::make_shared<Ciphertext>(encrypt(encode(input, level)));
  const auto product = [this, evaluator, x_low] {
    return evaluator.rotate_sum(transform->apply(evaluator, *x_low), kBlock, kCopies);
  };
  const double residues = static_cast<double>(kDiagonals) * (level + 1 + ring().special_count()) * n();
  Work work = decomposition(level);
  for (std::size_t i = 0; i + 1 < kDiagonals; ++i) work = add(work, gadget_sum(level));
  for (std::size_t i = 1; i < kCopies; i *= 2) work = add(work, key_switch(level));
  work.terms += 2 * residues;
  work.bytes += residues * kWord;
  const double worst = error(product(), [&](std::size_t i) {
    double sum = 0;
    if (i % kBlock >= kSize) return std::nan("");
    for (std::size_t c = 0; c < kSize; ++c) sum += matrix[i % kBlock * kSize + c] * slots[c];
    return sum;
  });
  return {"linear_transform_128_squat", (level + 1) * n(), work, [this, product] { made.push_back(product()); }, nullptr, 1, worst};
}

Operation Bench::State::matrix_product(bool small) {
  const double input_bytes = 2 * n() * kWord * kColumns;
  const int level = std::min(top(), static_cast<int>(kMatrixInputBytes / input_bytes) - 1);
  std::vector<double> weights = uniform_slots(kRows * kColumns, 3);
  if (small) {
    for (double& weight : weights) weight = std::rint(weight * kSmallWeights) / kSmallWeights;
  }
  const std::vector<double> bias(kRows, 0.5);
  // Small weights fit the path of one multiplication a term, weights of the scale's size do not. 12 bits are for the sum.
  const int room = static_cast<int>(ring().log2_q(level)) - context->spec().log_scale - 12;
  const Scale weight_scale = Scale::power_of_two(small ? std::ilogb(kSmallWeights) : std::min(context->spec().log_scale, room));
  auto matrix = std::make_shared<const MatrixProduct>(
      MatrixProduct::encode(context, kRows, kColumns, weights.data(), bias.data(), level, scale, weight_scale));
  auto inputs = std::make_shared<std::vector<Ciphertext>>();
  auto pointers = std::make_shared<std::vector<const Ciphertext*>>();
  const Ciphertext one = encrypt(encode(slots, level));
  for (std::size_t c = 0; c < kColumns; ++c) inputs->push_back(one);
  for (const Ciphertext& input : *inputs) pointers->push_back(&input);
  Work work;
  work.small_terms = 2.0 * kRows * kColumns * matrix->small_limbs() * n();
  work.terms = 2.0 * kRows * kColumns * (level + 1 - matrix->small_limbs()) * n();
  work.bytes = input_bytes * (level + 1);
  double sum = 0;
  for (std::size_t c = 0; c < kColumns; ++c) sum += weights[c];
  const double worst = error(matrix->apply(*pointers)[0], [&](std::size_t i) { return sum * slots[i] + bias[0]; });
  return {small ? "matrix_product_small" : "matrix_product", 2.0 * kRows * kColumns * (level + 1) * n(), work,
          [this, matrix, inputs, pointers] { made = matrix->apply(*pointers); }, nullptr, 1, worst};
}

Operation Bench::State::keygen() {
  const double limbs_of_key = limbs() + ring().special_count(), digits = ring().digits(top());
  Work work = transforms(digits * limbs_of_key);
  work.random_words = digits * (limbs_of_key + 1) * n();
  work.products = digits * limbs_of_key * n();
  return {"keygen_rotation", digits * limbs_of_key * n(), work,
          [this] {
            made_key = make_evaluation_key(ring(), secret, galois(1), top(), next_public_seed(), next_secret_seed());
          },
          nullptr, 1, std::nullopt, evaluation_key_size(*context, top())};
}

// What loading a key costs beside reading it: the uniform half from its seed.
Operation Bench::State::key_expansion() {
  const int digits = ring().digits(top());
  const double residues = digits * (limbs() + ring().special_count()) * n();
  Work work;
  work.random_words = residues;
  const PublicSeed seed = next_public_seed();
  return {"key_expansion", residues, work, [this, digits, seed] {
            for (int d = 0; d < digits; ++d) {
              expand_uniform(ring(), top() + 1, true, seed, Purpose::kEvaluationKeyUniform, static_cast<u32>(d));
            }
          }};
}

Bench::Bench(const ChainBits& bits, RingType ring_type)
    : state_(std::make_unique<State>(Context::create(spec_of(bits, ring_type)))) {}
Bench::~Bench() = default;

const std::vector<std::string>& Bench::names() {
  static const std::vector<std::string> all = {
      "ntt_forward",    "ntt_inverse",    "encode",        "encrypt_secret", "encrypt_public",
      "decrypt_decode", "multiply_plain", "rescale",       "rotate",         "rotate_hoisted",
      "multiply_relinearize_rescale",     "linear_transform_128", "linear_transform_128_squat", "linear_transform_128_integers",
      "linear_transform_1024",            "matrix_product", "matrix_product_small", "keygen_rotation", "key_expansion"};
  return all;
}

Operation Bench::make(const std::string& name) {
  State& s = *state_;
  const std::map<std::string, std::function<Operation()>> makers = {
      {"ntt_forward", [&] { return s.ntt(true); }},
      {"ntt_inverse", [&] { return s.ntt(false); }},
      {"encode", [&] { return s.encode_op(); }},
      {"encrypt_secret", [&] { return s.encrypt_op(false); }},
      {"encrypt_public", [&] { return s.encrypt_op(true); }},
      {"decrypt_decode", [&] { return s.decrypt_decode(); }},
      {"multiply_plain", [&] { return s.multiply_plain(); }},
      {"rescale", [&] { return s.rescale(); }},
      {"rotate", [&] { return s.rotate(); }},
      {"rotate_hoisted", [&] { return s.rotate_hoisted(); }},
      {"multiply_relinearize_rescale", [&] { return s.multiply_whole(); }},
      {"linear_transform_128", [&] { return s.linear(128); }},
      {"linear_transform_1024", [&] { return s.linear(1024); }},
      {"linear_transform_128_integers", [&] { return s.linear(128, DiagonalForm::kIntegers); }},
      {"linear_transform_128_squat", [&] { return s.linear_squat(); }},
      {"key_expansion", [&] { return s.key_expansion(); }},
      {"matrix_product", [&] { return s.matrix_product(false); }},
      {"matrix_product_small", [&] { return s.matrix_product(true); }},
      {"keygen_rotation", [&] { return s.keygen(); }},
  };
  const auto found = makers.find(name);
  if (found == makers.end()) fail(Code::kInvalidArgument, "there is no operation \"%s\"", name.c_str());
  return found->second();
}

void Bench::discard() {
  state_->made.clear();
  state_->made_plain.reset();
  state_->made_key.reset();
}

void Bench::reset() {
  discard();
  state_->keys.reset();
  state_->transform.reset();
}

const Context& Bench::context() const { return *state_->context; }

}  // namespace tacet::bench
