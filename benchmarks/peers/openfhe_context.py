# SPDX-License-Identifier: Apache-2.0
"""OpenFHE's parameters for levelled CKKS with hybrid key switching."""

import math

import openfhe


def context_of(first, scale, depth, digit_size, log_n=None):
    """Manual rescaling, uniform ternary secret; the ring degree by OpenFHE's own table unless given."""
    parameters = openfhe.CCParamsCKKSRNS()
    parameters.SetMultiplicativeDepth(depth)
    parameters.SetFirstModSize(first)
    parameters.SetScalingModSize(scale)
    parameters.SetScalingTechnique(openfhe.ScalingTechnique.FIXEDMANUAL)
    parameters.SetKeySwitchTechnique(openfhe.KeySwitchTechnique.HYBRID)
    parameters.SetNumLargeDigits(math.ceil((depth + 1) / digit_size))
    parameters.SetSecretKeyDist(openfhe.SecretKeyDist.UNIFORM_TERNARY)
    if log_n:
        parameters.SetSecurityLevel(openfhe.SecurityLevel.HEStd_NotSet)
        parameters.SetRingDim(1 << log_n)
    else:
        parameters.SetSecurityLevel(openfhe.SecurityLevel.HEStd_128_classic)
    context = openfhe.GenCryptoContext(parameters)
    for feature in ("PKE", "KEYSWITCH", "LEVELEDSHE"):
        context.Enable(getattr(openfhe.PKESchemeFeature, feature))
    return context
