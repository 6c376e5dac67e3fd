// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.offline.Cards;
import dev.tacet.cli.internal.offline.CiphertextFile;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.client.InputEncryptor;
import dev.tacet.client.ProviderCard;
import dev.tacet.he.Context;
import dev.tacet.he.FeatureOutOfBoundsException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.PublicKey;
import dev.tacet.he.Signature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Encrypts rows for an owner. */
@Command(
    name = "encrypt",
    mixinStandardHelpOptions = true,
    description = {
      "A data provider's step: encrypt rows whose answers the key's owner alone can read.",
      "The owner's card must come from the owner; with --fingerprint it is compared with what the owner read out."
    })
public final class EncryptCommand implements Callable<Integer> {
  @Parameters(paramLabel = "model.tacet", description = "The compiled model.")
  private Path model;

  @Option(names = "--card", required = true, paramLabel = "FILE", description = "owner.card, as 'tacet keygen' wrote it.")
  private Path card;

  @Option(names = "--fingerprint", paramLabel = "SHA256", description = "The card's fingerprint as the owner confirmed it.")
  private String fingerprint;

  @Option(names = "--input", required = true, paramLabel = "ROWS.csv", description = "Rows of flat features in input order.")
  private Path input;

  @Option(names = "--output", required = true, paramLabel = "FILE", description = "Where the encrypted rows go.")
  private Path output;

  @Option(names = "--clamp", description = "Move features outside their bounds to the bound and mark the row, instead of refusing.")
  private boolean clamp;

  @Override
  public Integer call() throws IOException {
    OutputFile.requireFile(output);
    if (fingerprint != null) {
      Sha256.require(fingerprint, "the fingerprint of a card", "Give the fingerprint that 'tacet keygen' showed the owner.");
    }
    ModelArtifact artifact = Artifacts.read(model);
    Rows rows = Rows.read(input).requireFeatures(artifact.signature().features()).inOrder(artifact.signature());
    ProviderCard owner = fingerprint == null ? Cards.read(card) : Cards.read(card, fingerprint);
    if (!owner.signatureSha256().equals(artifact.signature().sha256()) || !owner.model().equals(artifact.signature().model())) {
      throw CliException.failed(
          "the card is for model " + owner.model() + ", signature " + owner.signatureSha256() + ", the file has model "
              + artifact.signature().model() + ", signature " + artifact.signature().sha256(),
          "Use the model.tacet that the owner made the keys for.");
    }
    try (Context context = Context.create(artifact.parameters());
        PublicKey key = Cards.using(card, () -> PublicKey.fromBytes(context, ByteBuffer.wrap(owner.publicKey())));
        CiphertextFile.Writer out =
            new CiphertextFile.Writer(output, CiphertextFile.Kind.INPUTS, artifact.signature(), UUID.randomUUID(),
                rows.requests(artifact.signature().rowsPerRequest(artifact.parameters())));
        Progress progress = Progress.start("Encrypting", rows.count(), " rows")) {
      InputEncryptor encryptor = InputEncryptor.of(artifact.signature(), key).clamping(clamp);
      for (int start = 0; start < rows.count(); start += encryptor.rowsPerRequest()) {
        int end = Math.min(rows.count(), start + encryptor.rowsPerRequest());
        out.write(encrypt(artifact.signature(), encryptor, rows, start, end));
        progress.step(end - start);
      }
      out.commit();
    }
    System.out.println("Wrote " + output + ": " + rows.count() + " rows, " + Units.bytes(Files.size(output)));
    return CliException.DONE;
  }

  private static CiphertextFile.Row encrypt(Signature signature, InputEncryptor encryptor, Rows rows, int start, int end) {
    int row = start;
    try {
      if (encryptor.rowsPerRequest() == 1) {
        InputEncryptor.EncryptedRow encrypted = encryptor.encrypt(rows.values()[start]);
        return CiphertextFile.Row.request(signature, List.of(encrypted.clampedFeatures()), encrypted.ciphertexts());
      }
      for (; row < end; row++) {
        encryptor.requireAcceptable(rows.values()[row]);
      }
      InputEncryptor.Batch batch = encryptor.batch(Arrays.copyOfRange(rows.values(), start, end));
      List<byte[]> ciphertexts = new ArrayList<>();
      batch.ciphertexts().forEachRemaining(ciphertexts::add);
      return CiphertextFile.Row.request(signature, batch.clampedFeatures(), ciphertexts);
    } catch (FeatureOutOfBoundsException e) {
      throw new CliException(
          CliException.FAILED, "row " + row + ": " + e.getMessage(),
          "Check the row's units and order; --clamp moves such features to the bound and marks the row.", e);
    }
  }
}
