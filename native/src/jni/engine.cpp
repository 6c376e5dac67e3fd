// SPDX-License-Identifier: Apache-2.0
// Encoding, encryption, single operations and runs.

#include <cstring>

#include "ckks/encoder.h"
#include "ckks/evaluator.h"
#include "ckks/numbers.h"
#include "circuits/polynomial.h"
#include "jni/guard.h"
#include "jni/marshal.h"
#include "jni/natives.h"
#include "jni/objects.h"
#include "kernels/kernels.h"
#include "rlwe/encryption.h"
#include "util/error.h"

namespace tacet::jni {

namespace {

jlong make_ciphertext(const std::shared_ptr<const Context>& context, Ciphertext ciphertext) {
  return make<CiphertextObject>(context, std::make_shared<const Ciphertext>(std::move(ciphertext)));
}

jlong encode(JNIEnv* env, jclass, jlong context_handle, jint encoding, jdoubleArray real_array, jdoubleArray imaginary_array,
             jint level, jbyteArray scale_bytes) {
  return guard(env, [&] {
    const auto& context = object_as<ContextObject>(context_handle).context;
    const Scale scale = scale_of(env, *context, scale_bytes);
    const std::size_t count = length_of(env, real_array), imaginary_count = length_of(env, imaginary_array);
    if (imaginary_array != nullptr && imaginary_count != count) {
      fail(Code::kInvalidArgument, "%zu real and %zu imaginary parts", count, imaginary_count);
    }
    const Encoder encoder(context);
    const auto source = [&](double* real, double* imaginary) {
      copy_doubles(env, real, real_array, count);
      if (imaginary != nullptr) copy_doubles(env, imaginary, imaginary_array, count);
    };
    if (encoding == static_cast<jint>(Encoding::kCoefficients)) {
      if (imaginary_array != nullptr) fail(Code::kInvalidArgument, "coefficients have no imaginary parts");
      return make<PlaintextObject>(context, encoder.encode_coefficients(source, count, level, scale));
    }
    return make<PlaintextObject>(context, encoder.encode(source, imaginary_array != nullptr, count, level, scale));
  });
}

jdoubleArray decode(JNIEnv* env, jclass, jlong handle, jdoubleArray real_array, jdoubleArray imaginary_array) {
  return guard(env, [&] {
    const auto& held = object_as<PlaintextObject>(handle);
    const std::size_t count = held.value.encoding == Encoding::kCoefficients ? held.context->n() : held.context->slots();
    DecodeStats stats;
    const auto sink = [&](const double* real, const double* imaginary) {
      fill(env, real_array, real, count);
      if (imaginary != nullptr && imaginary_array != nullptr) fill(env, imaginary_array, imaginary, count);
    };
    Encoder(held.context).decode(held.value, sink, &stats);
    return new_doubles(env, {stats.max_coefficient_log2, stats.modulus_log2, stats.fraction});
  });
}

jlong encrypt(JNIEnv* env, jclass, jlong key_handle, jlong plaintext_handle, jobject public_seed, jobject secret_seed) {
  return guard(env, [&] {
    const Object& key = object(key_handle);
    const auto& plaintext = object_as<PlaintextObject>(plaintext_handle);
    require_same_parameters(key, plaintext);
    const Ring& ring = key.context->ring();
    const SecretSeed secret(seed_of(env, secret_seed));
    if (key.kind == ObjectKind::kPublicKey) {
      const PublicKey& public_key = object_as<PublicKeyObject>(key_handle).value;
      return make_ciphertext(key.context, encrypt_public(ring, public_key, plaintext.value, secret));
    }
    const SecretKey& secret_key = object_as<SecretKeyObject>(key_handle).value;
    PublicSeed uniform;
    std::memcpy(uniform.bytes.data(), seed_of(env, public_seed), uniform.bytes.size());
    return make_ciphertext(key.context, encrypt_secret(ring, secret_key, plaintext.value, uniform, secret));
  });
}

jlong decrypt_one(JNIEnv* env, jclass, jlong key_handle, jlong ciphertext_handle) {
  return guard(env, [&] {
    const auto& key = object_as<SecretKeyObject>(key_handle);
    const auto& ciphertext = object_as<CiphertextObject>(ciphertext_handle);
    require_same_parameters(key, ciphertext);
    return make<PlaintextObject>(key.context, decrypt(key.context->ring(), key.value, *ciphertext.value));
  });
}

/// Arguments of one apply() call.
struct Call {
  Opcode opcode;
  const std::vector<jlong>& operands;
  jlong integer;
  jlong count;
  const std::vector<double>& numbers;
  const Scale& scale;

  const Ciphertext& ciphertext(std::size_t k) const { return *object_as<CiphertextObject>(operands[k]).value; }
  const Plaintext& plaintext(std::size_t k) const { return object_as<PlaintextObject>(operands[k]).value; }

  /// The bounds of `value` are those of the engine's int.
  int as_int(jlong value) const {
    if (value < INT32_MIN || value > INT32_MAX) {
      fail(Code::kInvalidArgument, "%s: %lld is out of range", op_info(opcode).name, static_cast<long long>(value));
    }
    return static_cast<int>(value);
  }

  double scalar() const {
    if (numbers.size() != 1) fail(Code::kInvalidArgument, "%s takes one number", op_info(opcode).name);
    return numbers[0];
  }
};

Ciphertext apply_op(const Evaluator& evaluator, const Call& call) {
  const Ciphertext& x = call.ciphertext(0);
  switch (call.opcode) {
    case Opcode::kAdd: return evaluator.add(x, call.ciphertext(1));
    case Opcode::kAddPlain: return evaluator.add_plain(x, call.plaintext(1));
    case Opcode::kAddScalar: return evaluator.add_scalar(x, call.scalar());
    case Opcode::kSub: return evaluator.subtract(x, call.ciphertext(1));
    case Opcode::kNegate: return evaluator.negate(x);
    case Opcode::kMultiply: return evaluator.multiply(x, call.ciphertext(1));
    case Opcode::kSquare: return evaluator.square(x);
    case Opcode::kMultiplyPlain: return evaluator.multiply_plain(x, call.plaintext(1));
    case Opcode::kMultiplyScalar: return evaluator.multiply_scalar(x, call.scalar(), call.scale);
    case Opcode::kRotate: return evaluator.rotate(x, call.integer);
    case Opcode::kRotateSum: return evaluator.rotate_sum(x, call.integer, call.count);
    case Opcode::kConjugate: return evaluator.conjugate(x);
    case Opcode::kPolynomial: {
      if (call.numbers.size() < 2) fail(Code::kInvalidArgument, "polynomial: degree 1 or more is needed");
      const Basis basis = call.count == 0 ? Basis::kMonomial : Basis::kChebyshev;
      return evaluate_polynomial(evaluator, x, basis, call.numbers.data(), call.numbers.size() - 1, call.scale);
    }
    case Opcode::kRelinearize: return evaluator.relinearize(x);
    case Opcode::kRescale: return evaluator.rescale(x);
    case Opcode::kDropLevel: return evaluator.drop_level(x, call.as_int(call.integer));
    default: fail(Code::kUnsupported, "%s is not available as a single operation", op_info(call.opcode).name);
  }
}

jlong apply(JNIEnv* env, jclass, jlong context_handle, jlong keys_handle, jint opcode, jlongArray operand_array, jlong integer,
            jlong count, jdoubleArray number_array, jbyteArray scale_bytes) {
  return guard(env, [&] {
    const Object& held = object_as<ContextObject>(context_handle);
    if (opcode < 0 || opcode >= kOpcodeCount) fail(Code::kInvalidArgument, "opcode %d, known are 0..%d", opcode, kOpcodeCount - 1);
    const Opcode op = static_cast<Opcode>(opcode);
    const std::vector<jlong> operands = longs_of(env, operand_array);
    const bool with_plaintext = op == Opcode::kAddPlain || op == Opcode::kMultiplyPlain;
    const std::size_t wanted = static_cast<std::size_t>(op_info(op).arguments) + (with_plaintext ? 1 : 0);
    if (operands.size() != wanted) {
      fail(Code::kInvalidArgument, "%s: %zu operands, takes %zu", op_info(op).name, operands.size(), wanted);
    }
    for (const jlong operand : operands) require_same_parameters(object(operand), held);
    std::shared_ptr<const EvaluationKeySet> keys;
    if (keys_handle != 0) {
      const auto& key_set = object_as<KeySetObject>(keys_handle);
      require_same_parameters(key_set, held);
      keys = key_set.value;
    }
    const Evaluator evaluator(held.context, std::move(keys));
    const std::vector<double> numbers = doubles_of(env, number_array);
    const Scale scale = scale_of(env, *held.context, scale_bytes);
    return make_ciphertext(held.context, apply_op(evaluator, Call{op, operands, integer, count, numbers, scale}));
  });
}

jlongArray run(JNIEnv* env, jclass, jlong program_handle, jlong keys_handle, jlongArray input_array, jobject cancel_flag,
               jobject randomness, jlongArray layer_nanos) {
  return guard(env, [&] {
    const auto& program = object_as<ProgramObject>(program_handle);
    std::shared_ptr<const EvaluationKeySet> keys;
    if (keys_handle != 0) {
      const auto& key_set = object_as<KeySetObject>(keys_handle);
      require_same_parameters(key_set, program);
      keys = key_set.value;
    }
    std::vector<std::shared_ptr<const Ciphertext>> held_inputs;
    std::vector<const Ciphertext*> inputs;
    for (const jlong handle : longs_of(env, input_array)) {
      const auto& input = object_as<CiphertextObject>(handle);
      require_same_parameters(input, program);
      held_inputs.push_back(input.value);
      inputs.push_back(input.value.get());
    }
    // The flag is a 32-bit word that Java writes with volatile semantics.
    static_assert(sizeof(CancelFlag) == 4 && CancelFlag::is_always_lock_free, "the flag is one plain word");
    const auto* flag = reinterpret_cast<const CancelFlag*>(range_of(env, cancel_flag, 0, 4).data);
    std::optional<SecretSeed> seed;
    if (randomness != nullptr) seed.emplace(seed_of(env, randomness));
    RunResult result = program.value->run(std::move(keys), inputs, flag, seed ? &*seed : nullptr);
    const std::vector<jlong> nanos(result.layer_nanos.begin(), result.layer_nanos.end());
    if (static_cast<std::size_t>(env->GetArrayLength(layer_nanos)) != nanos.size()) {
      fail(Code::kInvalidArgument, "%d layer times, the program has %zu layers", env->GetArrayLength(layer_nanos), nanos.size());
    }
    env->SetLongArrayRegion(layer_nanos, 0, static_cast<jsize>(nanos.size()), nanos.data());
    const jlongArray outputs = env->NewLongArray(static_cast<jsize>(result.outputs.size()));
    if (outputs == nullptr) throw PendingJavaException{};
    std::vector<jlong> handles;
    for (auto& output : result.outputs) handles.push_back(make<CiphertextObject>(program.context, std::move(output)));
    env->SetLongArrayRegion(outputs, 0, static_cast<jsize>(handles.size()), handles.data());
    return outputs;
  });
}

}  // namespace

void add_engine_natives(std::vector<JNINativeMethod>& methods) {
  methods.push_back(native("encode", "(JI[D[DI[B)J", encode));
  methods.push_back(native("decode", "(J[D[D)[D", decode));
  methods.push_back(native("encrypt", "(JJLjava/nio/ByteBuffer;Ljava/nio/ByteBuffer;)J", encrypt));
  methods.push_back(native("decrypt", "(JJ)J", decrypt_one));
  methods.push_back(native("apply", "(JJI[JJJ[D[B)J", apply));
  methods.push_back(native("run", "(JJ[JLjava/nio/ByteBuffer;Ljava/nio/ByteBuffer;[J)[J", run));
}

}  // namespace tacet::jni
