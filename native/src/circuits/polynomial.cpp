// SPDX-License-Identifier: Apache-2.0
#include "circuits/polynomial.h"

#include <cmath>
#include <map>
#include <optional>
#include <vector>

#include "ckks/rounding.h"
#include "util/error.h"

namespace tacet {
namespace {

int ceil_log2(std::size_t x) {
  int bits = 0;
  while ((std::size_t{1} << bits) < x) ++bits;
  return bits;
}

/// Degree of a coefficient vector without its trailing zeros; 0 for the zero polynomial.
std::size_t degree_of(const std::vector<double>& c) {
  std::size_t degree = c.size() - 1;
  while (degree > 0 && c[degree] == 0) --degree;
  return degree;
}

/// p = quotient * B_g + remainder with both of degree below g, for deg p < 2g.
struct Division {
  std::vector<double> quotient;
  std::vector<double> remainder;
};

Division divide(Basis basis, const std::vector<double>& p, std::size_t g) {
  Division out;
  out.remainder.assign(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(g));
  out.quotient.assign(p.begin() + static_cast<std::ptrdiff_t>(g), p.end());
  if (basis == Basis::kChebyshev) {  // T_{g+i} = 2 T_g T_i - T_{g-i}
    for (std::size_t i = 1; i < out.quotient.size(); ++i) {
      out.remainder[g - i] -= out.quotient[i];
      out.quotient[i] *= 2;
    }
  }
  return out;
}

std::size_t largest_power_of_two(std::size_t at_most) { return std::size_t{1} << (ceil_log2(at_most + 1) - 1); }

/// A leaf sums multiples of basis elements directly: it costs one level more than its highest element.
bool is_leaf(std::size_t degree, std::size_t baby, int depth) {
  return degree <= 1 || (degree < baby && ceil_log2(degree) + 1 <= depth);
}

/// B_i comes from B_high and B_(i - high), of at most the same depth; in the Chebyshev basis B_(2 high - i) is subtracted
/// too, which is no deeper than B_high. With high a power of two, elements of even index need only such.
std::size_t high_part(std::size_t i) { return largest_power_of_two(i - 1); }

/// What a polynomial costs.
struct Work {
  std::size_t products = 0;   // of two ciphertexts
  std::size_t switches = 0;   // relinearizations, each with its rescale
};

/// Counts the work of the recursion and marks the basis elements that it uses. Products that are added up share one
/// relinearization, which `counted` says was counted for this sum.
Work count_work(Basis basis, const std::vector<double>& p, std::size_t baby, int depth, bool counted,
                std::vector<bool>& used) {
  const std::size_t degree = degree_of(p);
  Work work;
  if (is_leaf(degree, baby, depth)) {
    for (std::size_t i = 1; i <= degree; ++i) used[i] = used[i] || p[i] != 0;
    return work;
  }
  const std::size_t g = largest_power_of_two(degree);
  used[g] = true;
  const Division parts =
      divide(basis, std::vector<double>(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(degree + 1)), g);
  if (degree_of(parts.quotient) > 0) {
    const Work quotient = count_work(basis, parts.quotient, baby, depth - 1, false, used);
    work.products = quotient.products + 1;
    work.switches = quotient.switches + (counted ? 0 : 1);
    counted = true;
  }
  const Work remainder = count_work(basis, parts.remainder, baby, depth, counted, used);
  return {work.products + remainder.products, work.switches + remainder.switches};
}

/// The number of basis elements bigger than 1 that must be computed for the marked ones.
std::size_t count_elements(Basis basis, std::vector<bool> used) {
  std::size_t count = 0;
  for (std::size_t i = used.size() - 1; i >= 2; --i) {
    if (!used[i]) continue;
    ++count;
    const std::size_t high = high_part(i);
    used[high] = true;
    used[i - high] = true;
    if (basis == Basis::kChebyshev) used[2 * high - i] = true;
  }
  return count;
}

std::size_t best_baby_count(Basis basis, const std::vector<double>& p, int depth) {
  constexpr std::size_t kProductsPerSwitch = 6;  // a relinearization takes at least as long as so many products
  std::size_t best = 2;
  std::size_t least = ~std::size_t{0};
  for (std::size_t baby = 2; baby < 2 * p.size(); baby *= 2) {
    std::vector<bool> used(p.size(), false);
    const Work work = count_work(basis, p, baby, depth, false, used);
    const std::size_t cost = work.products + kProductsPerSwitch * (work.switches + count_elements(basis, used));
    if (cost < least) {
      least = cost;
      best = baby;
    }
  }
  return best;
}

/// What stands for a ciphertext where only types are followed.
struct Typed {
  int level;
  Scale scale;
};

/// The operations of Evaluator that an evaluation uses, on types: checks the scalars and nothing else.
class TypeEvaluator {
 public:
  explicit TypeEvaluator(const Ring& ring) : ring_(ring) {}

  struct Term {
    const Typed* x;
    double weight;
  };

  Typed add(const Typed& a, const Typed&) const { return a; }
  Typed drop_level(const Typed& a, int level) const { return {level, a.scale}; }
  Typed multiply(const Typed& a, const Typed& b, const Typed* = nullptr) const { return {a.level, a.scale * b.scale}; }
  Typed rescale(const Typed& a) const { return {a.level - 1, a.scale.times_prime(a.level, -1)}; }
  Typed relinearize_rescale(const Typed& a) const { return rescale(a); }
  Typed multiply_relinearize_rescale(const Typed& a, const Typed& b, const Typed* = nullptr) const {
    return rescale(multiply(a, b));
  }
  Typed add_scalar(const Typed& a, double value) const {
    rounded_scalar(ring_, "addScalar", value, a.scale, a.level);
    return a;
  }
  Typed linear_combination(const std::vector<Term>& terms, int level, const Scale& scale, const Typed* = nullptr) const {
    for (const Term& term : terms) rounded_scalar(ring_, "multiplyScalar", term.weight, scale / term.x->scale, level);
    return {level, scale};
  }

 private:
  const Ring& ring_;
};

/// One evaluation: computes basis elements when they are first used, each at the highest level it can have. On ciphertexts by an
/// Evaluator, or on types.
template <class Operations, class Value>
class Evaluation {
 public:
  Evaluation(const Operations& evaluator, Value x, Basis basis, std::size_t baby)
      : evaluator_(evaluator), basis_(basis), baby_(baby), top_(x.level) {
    elements_.emplace(1, std::move(x));
  }

  /// The whole of p at level top - depth with scale `target`.
  Value whole(const std::vector<double>& p, int depth, const Scale& target) {
    std::optional<Value> result = evaluate(p, depth, target);
    if (!result) {  // only the constant is nonzero: 0 * x + constant, at the type that was asked for
      const int level = top_ - depth + 1;
      result = evaluator_.rescale(evaluator_.linear_combination({{&elements_.at(1), 0.0}}, level, target.times_prime(level)));
    }
    return with_constant(std::move(*result), p[0]);
  }

 private:
  /// p at level top - depth with scale `target`, without its constant; nothing if p is one, which costs no ciphertext.
  std::optional<Value> evaluate(const std::vector<double>& p, int depth, const Scale& target) {
    std::optional<Value> sum = terms(p, depth, target.times_prime(top_ - depth + 1), std::nullopt);
    if (sum) sum = evaluator_.relinearize_rescale(*sum);
    return sum;
  }

  Value with_constant(Value x, double constant) const {
    return constant == 0 ? std::move(x) : evaluator_.add_scalar(std::move(x), constant);
  }

  /// x at a level at or below its own; `lowered` holds it where that is below.
  const Value& at_level(const Value& x, int level, std::optional<Value>& lowered) const {
    if (x.level == level) return x;
    lowered = evaluator_.drop_level(x, level);
    return *lowered;
  }

  /// p plus the sum at level top - depth + 1 with scale `wanted`, before the relinearization and rescale that all its products share.
  std::optional<Value> terms(const std::vector<double>& p, int depth, const Scale& wanted, std::optional<Value> sum) {
    const std::size_t degree = degree_of(p);
    if (degree == 0) return sum;
    const Value* const addend = sum ? &*sum : nullptr;
    const int level = top_ - depth + 1;
    if (is_leaf(degree, baby_, depth)) return leaf(p, degree, level, wanted, addend);
    const std::size_t g = largest_power_of_two(degree);
    const Division parts =
        divide(basis_, std::vector<double>(p.begin(), p.begin() + static_cast<std::ptrdiff_t>(degree + 1)), g);
    const Value& giant = element(g);
    if (std::optional<Value> quotient = evaluate(parts.quotient, depth - 1, wanted / giant.scale)) {
      std::optional<Value> lowered;
      sum = evaluator_.multiply(with_constant(std::move(*quotient), parts.quotient[0]), at_level(giant, level, lowered), addend);
    } else {
      sum = evaluator_.linear_combination({{&giant, parts.quotient[0]}}, level, wanted, addend);
    }
    return terms(parts.remainder, depth, wanted, std::move(sum));
  }

  /// addend + sum_{1 <= i <= degree} p[i] B_i at `level`, every term at the scale `wanted`.
  Value leaf(const std::vector<double>& p, std::size_t degree, int level, const Scale& wanted, const Value* addend) {
    std::vector<typename Operations::Term> summands;
    for (std::size_t i = 1; i <= degree; ++i) {
      if (p[i] != 0) summands.push_back({&element(i), p[i]});
    }
    return evaluator_.linear_combination(summands, level, wanted, addend);
  }

  /// B_i at level top - ceil(log2 i), computed when it is first asked for.
  const Value& element(std::size_t i) {
    const auto found = elements_.find(i);
    if (found != elements_.end()) return found->second;
    const std::size_t high = high_part(i);
    const Value& b = element(high);
    const Value& a = element(i - high);
    const int level = b.level < a.level ? b.level : a.level;
    std::optional<Value> lower_a, lower_b;
    Value made = product(i - high, at_level(a, level, lower_a), high, at_level(b, level, lower_b));
    return elements_.emplace(i, std::move(made)).first->second;
  }

  /// B_{low + high} from B_low and B_high at one level, rescaled.
  Value product(std::size_t low, const Value& a, std::size_t high, const Value& b) {
    if (basis_ == Basis::kMonomial) return evaluator_.multiply_relinearize_rescale(a, b);
    const Value twice = evaluator_.add(b, b);  // T_{low + high} = 2 T_low T_high - T_{high - low}
    if (low == high) return evaluator_.add_scalar(evaluator_.multiply_relinearize_rescale(a, twice), -1.0);
    // The integer nearest to -(product's scale / its own) multiplies it: a relative error far below the noise.
    const Value difference = evaluator_.linear_combination({{&element(high - low), -1.0}}, a.level, a.scale * b.scale);
    return evaluator_.multiply_relinearize_rescale(a, twice, &difference);
  }

  const Operations& evaluator_;
  const Basis basis_;
  const std::size_t baby_;
  const int top_;
  std::map<std::size_t, Value> elements_;
};

}  // namespace

int polynomial_depth(std::size_t degree) { return ceil_log2(degree + 1); }

namespace {

void check_coefficients(int level, const double* coefficients, std::size_t degree) {
  if (degree < 1) fail(Code::kInvalidArgument, "a polynomial of degree %zu; the degree must be at least 1", degree);
  const int depth = polynomial_depth(degree);
  if (level < depth) {
    fail(Code::kInvalidArgument, "a polynomial of degree %zu needs level %d, the ciphertext has %d", degree, depth, level);
  }
  for (std::size_t i = 0; i <= degree; ++i) {
    if (!std::isfinite(coefficients[i])) fail(Code::kInvalidArgument, "coefficient %zu of the polynomial is not finite", i);
  }
}

template <class Operations, class Value>
Value evaluate_checked(const Operations& operations, Value x, Basis basis, const double* coefficients,
                       std::size_t degree, const Scale& target) {
  const std::vector<double> p(coefficients, coefficients + degree + 1);
  const int depth = polynomial_depth(degree);
  return Evaluation<Operations, Value>(operations, std::move(x), basis, best_baby_count(basis, p, depth))
      .whole(p, depth, target);
}

}  // namespace

void check_polynomial(const Context& context, int level, const Scale& scale, Basis basis, const double* coefficients,
                      std::size_t degree, const Scale& target) {
  check_coefficients(level, coefficients, degree);
  evaluate_checked(TypeEvaluator(context.ring()), Typed{level, scale}, basis, coefficients, degree, target);
}

Ciphertext evaluate_polynomial(const Evaluator& evaluator, const Ciphertext& x, Basis basis, const double* coefficients,
                               std::size_t degree, const Scale& target) {
  if (x.size() != 2 || x.encoding != Encoding::kSlots) {
    fail(Code::kInvalidArgument, "a polynomial takes 2 components in SLOTS, the ciphertext has %d", x.size());
  }
  check_coefficients(x.level, coefficients, degree);
  Ciphertext unseeded = x;
  unseeded.seed.reset();
  return evaluate_checked(evaluator, std::move(unseeded), basis, coefficients, degree, target);
}

}  // namespace tacet
