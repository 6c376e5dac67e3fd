// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Cards;
import dev.tacet.cli.internal.offline.CiphertextFile;
import dev.tacet.cli.internal.offline.Passphrase;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.trial.Answers;
import dev.tacet.client.DataProvider;
import dev.tacet.client.Prediction;
import dev.tacet.client.ProviderCard;
import dev.tacet.client.RemoteModel;
import dev.tacet.client.TacetClient;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Predicts rows on a host that cannot read them. */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = {
      "Predict rows on a host that cannot read them: encrypts here, evaluates there, decrypts and checks here.",
      "Prints CSV unless --output names a file; the columns undecided and clamped mark rows to look at."
    },
    footerHeading = "%nExample:%n",
    footer = "  tacet predict --server http://localhost:8080 --model breast-cancer --input rows.csv --output answers.csv")
public final class PredictCommand implements Callable<Integer> {
  private static final Duration DEADLINE = Duration.ofMinutes(5);

  @Option(names = "--server", required = true, paramLabel = "URI", description = "Where the host listens, http://... or https://...")
  private URI server;

  @Option(names = "--model", required = true, paramLabel = "NAME", description = "The model.")
  private String model;

  @Option(names = "--version-of-model", paramLabel = "V", description = "Its version. Default: the newest.")
  private String version;

  @Option(names = "--input", required = true, paramLabel = "ROWS.csv", description = "Rows of flat features in input order.")
  private Path input;

  @Option(names = "--output", paramLabel = "FILE", description = "FILE.csv or FILE.json. Default: CSV on standard output.")
  private Path output;

  @Option(names = "--keys", paramLabel = "DIR",
      description = "Folder of keys, kept and reused. Default: a secret key in memory and what is made from it in a temporary folder, gone"
          + " afterwards.")
  private Path keys;

  @Mixin private Passphrase passphrase;

  @Option(names = "--card", paramLabel = "FILE",
      description = "As a data provider: encrypt under this owner.card; --output receives answers that 'tacet decrypt' reads.")
  private Path card;

  @Option(names = "--clamp", description = "Move features outside their bounds to the bound and mark the row, instead of refusing.")
  private boolean clamp;

  @Option(names = "--trust", paramLabel = "PEM", description = "Certificates to trust, for https.")
  private Path trust;

  @Option(names = "--trusted-model-key", paramLabel = "PEM",
      description = "Refuse a model that its owner did not sign with this key (tacet sign).")
  private Path modelKey;

  @Mixin private PolicyOption policy;

  @Mixin private HostAccess access;

  @Option(names = "--accept-signature", paramLabel = "SHA256",
      description = "Trust this signature of the model from now on, as its owner confirmed it.")
  private String acceptedSignature;

  @Override
  public Integer call() throws IOException {
    if (card == null) {
      OutputTable.require(output);
    }
    OutputFile.requireFolder(keys);
    if (acceptedSignature != null) {
      Sha256.require(acceptedSignature, "the SHA-256 of a signature",
          "Give --accept-signature the one that the refusal of the changed model showed, once the model's owner confirmed it.");
    }
    Rows rows = Rows.read(input);
    HostConnection.requireAddress(server);
    if (trust != null) {
      InputFile.require(trust, "Give --trust the PEM file of the certificates to trust.");
    }
    if (card != null) {
      return submit(rows);
    }
    OutputTable table = new OutputTable();
    List<String> undecided = new ArrayList<>();
    List<String> clamped = new ArrayList<>();
    Map<String, Double> bounds = new LinkedHashMap<>();
    String served;
    try (ClientProgress progress = new ClientProgress();
        TacetClient client = connect(progress)) {
      if (acceptedSignature != null) {
        client.acceptSignature(model, version == null ? "" : version, acceptedSignature);
      }
      RemoteModel remote = version == null ? client.model(model) : client.model(model, version);
      served = remote.version();
      rows = rows.requireFeatures(remote.signature().features()).inOrder(remote.signature());
      for (Prediction prediction : remote.predictBatch(rows.values())) {
        table.add(Answers.row(prediction.outputs()));
        undecided.add(Boolean.toString(prediction.undecided()));
        clamped.add(Boolean.toString(prediction.clamped()));
        prediction.errorBounds().forEach((name, bound) -> bounds.merge(name, bound, Math::max));
      }
    }
    Map<String, List<String>> marks = new LinkedHashMap<>();
    marks.put("undecided", undecided);
    marks.put("clamped", clamped);
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", model);
    report.put("version", served);
    report.put("rows", rows.count());
    report.put("outputs", table.outputs());
    report.put("error_bounds", bounds);
    report.put("undecided_rows", marked(undecided));
    report.put("clamped_rows", marked(clamped));
    table.write(output, marks, report);
    return CliException.DONE;
  }

  /** A data provider's rows: the answers are the owner's to read. */
  private Integer submit(Rows rows) throws IOException {
    if (output == null || keys != null) {
      throw CliException.usage("a data provider holds no keys and cannot read answers", "Give --output FILE and no --keys.");
    }
    if (version != null || acceptedSignature != null) {
      throw CliException.usage("the card says which signature of the model is trusted",
          "Give no --version-of-model and no --accept-signature beside --card.");
    }
    OutputFile.requireFile(output);
    ProviderCard owner = Cards.read(card);
    if (!owner.model().equals(model)) {
      throw CliException.usage("the card is for model " + owner.model(), "Give --model " + owner.model() + ".");
    }
    try (DataProvider provider = provider(owner);
        CiphertextFile.Writer out =
            new CiphertextFile.Writer(
                output, CiphertextFile.Kind.ANSWERS, provider.signature(), UUID.randomUUID(),
                rows.requests(provider.rowsPerRequest()));
        Progress progress = Progress.start("Submitting", rows.count(), " rows")) {
      rows = rows.requireFeatures(provider.signature().features()).inOrder(provider.signature());
      provider.submitAll(rows.values(), answer -> {
        try {
          out.write(CiphertextFile.Row.compared(answer.clampedRows(), answer.ciphertexts()));
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        }
        progress.step(answer.clampedRows().size());
      });
      out.commit();
    }
    System.out.println("Wrote " + output + ": " + rows.count() + " answers for the owner of the key to decrypt");
    return CliException.DONE;
  }

  private DataProvider provider(ProviderCard owner) {
    DataProvider.Builder builder =
        DataProvider.builder(server, owner).credentials(access.credentials()).clampFeatures(clamp).deadline(DEADLINE);
    if (trust != null) {
      builder.trustCertificates(trust);
    }
    policy.addTo(builder);
    trustModelKey(builder::trustModelKey);
    return Cards.using(card, () -> HostConnection.made(builder::connect));
  }

  private void trustModelKey(Consumer<Path> builder) {
    if (modelKey != null) {
      String remedy = "Give --trusted-model-key the public key that 'tacet sign --new-key' wrote.";
      try {
        builder.accept(InputFile.require(modelKey, remedy));
      } catch (IllegalArgumentException e) {
        throw new CliException(CliException.BAD_USAGE, modelKey + ": " + e.getMessage(), remedy, e);
      }
    }
  }

  private TacetClient connect(ClientProgress progress) {
    TacetClient.Builder builder = TacetClient.builder(server).credentials(access.credentials()).clampFeatures(clamp).progress(progress);
    if (trust != null) {
      builder.trustCertificates(trust);
    }
    policy.addTo(builder);
    trustModelKey(builder::trustModelKey);
    if (keys != null) {
      char[] secret = passphrase.read(!Files.exists(KeygenCommand.ring(keys)));
      builder.keyStore(KeygenCommand.ring(keys)).passphrase(secret);
      Arrays.fill(secret, '\0');
    }
    return HostConnection.made(builder::build);
  }

  static List<Integer> marked(List<String> flags) {
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < flags.size(); i++) {
      if (flags.get(i).equals("true")) {
        rows.add(i);
      }
    }
    return rows;
  }
}
