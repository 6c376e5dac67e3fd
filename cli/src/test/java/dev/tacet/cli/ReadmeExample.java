// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import dev.tacet.client.Prediction;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import java.net.URI;
import java.nio.file.Path;

final class ReadmeExample {
  static Prediction predict(URI server, Path keys, char[] passphrase, double[] features) {
    try (TacetClient client = TacetClient.builder(server).keyStore(keys).passphrase(passphrase).build()) {
      RemoteModel model = client.model("breast-cancer"); // checks parameters and signature, pins the signature
      Prediction prediction = model.predict(features); // makes and uploads keys at first use
      if (prediction.undecided()) {
        throw new IllegalStateException("too close to call within the error bound");
      }
      System.out.println(prediction.output("label") + ", benign with probability "
          + prediction.numbers("probabilities")[1] + " up to " + prediction.errorBounds().get("probabilities"));
      return prediction;
    }
  }
}
