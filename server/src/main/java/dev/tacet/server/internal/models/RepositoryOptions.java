// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import java.time.Duration;
import java.util.Optional;

/**
 * How a repository behaves.
 *
 * @param versions which versions are loaded where a model does not say
 * @param poll how often the folders are looked at for changes; zero for never
 * @param warmUpBytes a model runs once before it is ready if its expanded keys take no more than this; 0 for never
 * @param requested whether callers may load and unload models
 * @param trustedKey the public key of the models' owner, PEM; a model that it did not sign is refused. Empty for any model
 */
public record RepositoryOptions(VersionPolicy versions, Duration poll, long warmUpBytes, boolean requested, Optional<String> trustedKey) {
  /** Everything is loaded once and stays. */
  public static final RepositoryOptions FIXED = new RepositoryOptions(VersionPolicy.ALL, Duration.ZERO, 0, false, Optional.empty());

  /** Takes any model, whoever signed it. */
  public RepositoryOptions(VersionPolicy versions, Duration poll, long warmUpBytes, boolean requested) {
    this(versions, poll, warmUpBytes, requested, Optional.empty());
  }

  /** Tells whether models may come and go. */
  public boolean changes() {
    return requested || !poll.isZero();
  }
}
