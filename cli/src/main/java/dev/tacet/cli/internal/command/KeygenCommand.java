// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.offline.EvaluationKeyFile;
import dev.tacet.cli.internal.offline.Passphrase;
import dev.tacet.cli.internal.terminal.Table;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.client.KeyRing;
import dev.tacet.client.ProviderCard;
import dev.tacet.he.KeyManifest;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Parameters;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Signature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Makes an owner's keys. */
@Command(
    name = "keygen",
    mixinStandardHelpOptions = true,
    description = {
      "The key owner's first step: make a secret key for a model, and what others need.",
      "DIR/ring stays with the owner, sealed under a passphrase; DIR/owner.card goes to data providers (compare its"
          + " fingerprint over another channel); DIR/evaluation.keys goes to the host."
    },
    footerHeading = "%nThe steps on files:%n",
    footer = {
      "  owner     tacet keygen model.tacet --keys DIR",
      "  provider  tacet encrypt model.tacet --card owner.card --input rows.csv --output rows.enc",
      "  host      tacet evaluate model.tacet --evaluation-keys evaluation.keys --input rows.enc --output answers.enc",
      "  owner     tacet decrypt model.tacet --keys DIR --input answers.enc --output answers.csv"
    })
public final class KeygenCommand implements Callable<Integer> {
  /** The key ring inside the folder of keys. */
  private static final String RING = "ring";

  /** The file that a folder of keys holds which the SDK made: it is the ring itself. */
  private static final String RING_FILE = "ring.key";

  /** Returns the ring in an owner's folder: a folder inside, or the folder itself where the SDK keeps its keys there. */
  static Path ring(Path keys) {
    return Files.exists(keys.resolve(RING_FILE)) ? keys : keys.resolve(RING);
  }

  @picocli.CommandLine.Parameters(paramLabel = "model.tacet", description = "The compiled model.")
  private Path model;

  @Option(names = "--keys", required = true, paramLabel = "DIR", description = "The owner's folder; made if it is not there.")
  private Path keys;

  @Mixin private Passphrase passphrase;

  @Override
  public Integer call() throws IOException {
    OutputFile.requireFolder(keys);
    ModelArtifact artifact = Artifacts.read(model);
    Parameters parameters = artifact.parameters();
    Files.createDirectories(keys);
    Path card = keys.resolve("owner.card");
    Path evaluation = keys.resolve("evaluation.keys");
    Optional<String> replaced = otherModel(card, artifact.signature());
    char[] secret = passphrase.read(!Files.exists(ring(keys)));
    try (ClientProgress progress = new ClientProgress();
        KeyRing ring = KeyRing.open(ring(keys), secret)) {
      ring.secretKey(parameters);
      KeyManifest manifest = ring.evaluationKeys(parameters, artifact.signature().keys(), progress);
      EvaluationKeyFile.write(evaluation, manifest, entry -> ring.evaluationKey(parameters, entry));
      ProviderCard owner;
      try (PublicKey key = ring.publicKey(parameters)) {
        owner =
            new ProviderCard(
                artifact.signature().model(), artifact.signature().sha256(),
                manifest.entries().isEmpty() ? "" : manifest.keySetId(), key.toBytes());
      }
      OutputFile.write(card, owner.toBytes());
      Table table = new Table("file", ">size", "for whom");
      table.row(ring(keys), "", "the owner alone: the secret key, sealed under the passphrase");
      table.row(card, Units.bytes(Files.size(card)), "data providers; fingerprint " + owner.fingerprint());
      table.row(evaluation, Units.bytes(Files.size(evaluation)), "the host: " + manifest.entries().size() + " evaluation keys");
      table.print();
      replaced.ifPresent(other -> System.err.println("tacet: owner.card and evaluation.keys in " + keys + " were for model " + other
          + ", and are for " + artifact.signature().model() + " now; keygen with its model.tacet makes them again"));
    } finally {
      Arrays.fill(secret, '\0');
    }
    return CliException.DONE;
  }

  /** Returns the model that a card is for, if there is one for another model or another version. */
  private static Optional<String> otherModel(Path card, Signature signature) {
    if (!Files.exists(card)) {
      return Optional.empty();
    }
    try {
      ProviderCard before = ProviderCard.fromBytes(ByteBuffer.wrap(InputFile.read(card, "Give --keys another folder.")));
      return before.signatureSha256().equals(signature.sha256()) ? Optional.empty() : Optional.of(before.model());
    } catch (MalformedException e) {
      return Optional.empty();
    }
  }
}
