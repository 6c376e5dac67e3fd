// SPDX-License-Identifier: Apache-2.0
#pragma once
// The client's secret key and the evaluation keys that it uploads.

#include "bundle.h"
#include "rlwe/keys.h"

namespace tacet::suite {

/// A fresh secret key in locked memory, and its file: a SECRET_KEY blob behind the tag of the set.
SecretKey make_secret_key(const Context& context);
void store_secret_key(const Instance& instance, const ClientModel& model, const SecretKey& key, const Tag& tag);
SecretKey load_secret_key(const Instance& instance, const ClientModel& model, Tag& tag);

/// Makes the keys of the signature and writes them to one file, key after key. Returns the bytes of the file.
std::size_t write_evaluation_keys(const Instance& instance, const ClientModel& model, const SecretKey& secret,
                                  const Tag& tag);

/// Reads them all, just those that the signature names, and expands each into the compute form.
std::vector<EvaluationKey> load_evaluation_keys(const Instance& instance, const ClientModel& model, Tag& tag);

}  // namespace tacet::suite
