# SPDX-License-Identifier: Apache-2.0
"""Single operations of Microsoft SEAL through TenSEAL's bindings. See contract.py."""

import tenseal
import tenseal.sealapi as seal

from contract import arguments, largest, report, sample


def made(make, kind=seal.Ciphertext):
    out = kind()
    make(out)
    return out


def main():
    """SEAL switches keys with one prime a digit and one special prime, whatever the set asks for; its largest N is 2^15."""
    options = arguments()
    if options.log_n > 15:
        return report("TenSEAL", options, None, {})
    n = 1 << options.log_n
    special = max(options.chain + options.special)
    parameters = seal.EncryptionParameters(seal.SCHEME_TYPE.CKKS)
    parameters.set_poly_modulus_degree(n)
    parameters.set_coeff_modulus(seal.CoeffModulus.Create(n, [*options.chain, special]))
    context = seal.SEALContext(parameters, True, seal.SEC_LEVEL_TYPE.NONE)
    keys = seal.KeyGenerator(context)
    encoder, evaluator = seal.CKKSEncoder(context), seal.Evaluator(context)
    public = made(keys.create_public_key, seal.PublicKey)
    encryptor = seal.Encryptor(context, public, keys.secret_key())
    decryptor = seal.Decryptor(context, keys.secret_key())
    scale = 2.0**options.log_scale
    values = sample(encoder.slot_count())

    def encode():
        return made(lambda out: encoder.encode(values, scale, out), seal.Plaintext)

    plain = encode()
    x, y = (made(lambda out: encryptor.encrypt_symmetric(plain, out)) for _ in range(2))

    def decrypted(ciphertext):
        return encoder.decode_double(made(lambda out: decryptor.decrypt(ciphertext, out), seal.Plaintext))

    def galois_keys():
        return made(lambda out: keys.create_galois_keys([3], out), seal.GaloisKeys)  # the element of a rotation by one slot

    def rotate():
        galois = galois_keys()

        def action():
            return made(lambda out: evaluator.rotate_vector(x, 1, galois, out))

        return action, {"max_error": largest(decrypted(action()), [*values[1:], values[0]])}

    def multiply():
        relin = made(keys.create_relin_keys, seal.RelinKeys)

        def action():
            out = made(lambda result: evaluator.multiply(x, y, result))
            evaluator.relinearize_inplace(out, relin)
            evaluator.rescale_to_next_inplace(out)
            return out

        return action, {"max_error": largest(decrypted(action()), [v * v for v in values])}

    def decrypt_decode():
        low = made(lambda out: evaluator.mod_switch_to(x, context.last_parms_id(), out))
        low.scale = min(low.scale, 2.0 ** (options.chain[0] - 4))
        return lambda: decrypted(low), {}

    report(
        f"TenSEAL {tenseal.__version__} (PyPI)",
        options,
        options.log_q + special,
        {
            "encode": lambda: (encode, {}),
            "encrypt_secret": lambda: (lambda: made(lambda out: encryptor.encrypt_symmetric(plain, out)), {}),
            "encrypt_public": lambda: (lambda: made(lambda out: encryptor.encrypt(plain, out)), {}),
            "decrypt_decode": decrypt_decode,
            "multiply_plain": lambda: (lambda: made(lambda out: evaluator.multiply_plain(x, plain, out)), {}),
            "rescale": lambda: (lambda: made(lambda out: evaluator.rescale_to_next(x, out)), {}),
            "rotate": rotate,
            "multiply_relinearize_rescale": multiply,
            "keygen_rotation": lambda: (galois_keys, {}),
        },
    )


if __name__ == "__main__":
    main()
