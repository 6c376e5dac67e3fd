// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import dev.tacet.client.ProgressListener;
import dev.tacet.client.TacetClient;
import java.net.URI;
import java.nio.file.Path;

/**
 * A client in a process of its own which brings its keys to a host and dies on the way. Arguments: the host, the folder of keys, the
 * passphrase, the model, and the percent of the bytes after which it is killed.
 */
public final class UploadingClient {
  static final int KILLED = 137;

  private UploadingClient() {}

  public static void main(String[] args) {
    long percent = Long.parseLong(args[4]);
    ProgressListener killer = (stage, done, total) -> {
      if (stage == ProgressListener.Stage.UPLOAD_KEYS && total > 0 && done < total && done * 100 >= total * percent) {
        Runtime.getRuntime().halt(KILLED);
      }
    };
    try (TacetClient client =
        TacetClient.builder(URI.create(args[0])).keyStore(Path.of(args[1])).passphrase(args[2].toCharArray()).progress(killer).build()) {
      client.model(args[3]).prepare();
    }
  }
}
