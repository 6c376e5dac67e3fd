// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.offline.CiphertextFile;
import dev.tacet.cli.internal.offline.Passphrase;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.trial.Answers;
import dev.tacet.client.KeyRing;
import dev.tacet.client.OutputDecryptor;
import dev.tacet.he.AnswerCheckException;
import dev.tacet.he.ModelArtifact;
import dev.tacet.he.Postprocessing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Decrypts answers. */
@Command(
    name = "decrypt",
    mixinStandardHelpOptions = true,
    description = "The key owner's last step: decrypt answers, with every check; an answer that fails one is no number but an error.")
public final class DecryptCommand implements Callable<Integer> {
  @Parameters(paramLabel = "model.tacet", description = "The compiled model.")
  private Path model;

  @Option(names = "--keys", required = true, paramLabel = "DIR", description = "The owner's folder, as given to 'tacet keygen'.")
  private Path keys;

  @Mixin private Passphrase passphrase;

  @Option(names = "--input", required = true, paramLabel = "FILE", description = "Encrypted answers.")
  private Path input;

  @Option(names = "--request", paramLabel = "FILE",
      description = "The encrypted rows that were sent: each answer must be one to the row in its place.")
  private Path request;

  @Option(names = "--output", paramLabel = "FILE", description = "FILE.csv or FILE.json. Default: CSV on standard output.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    OutputTable.require(output);
    ModelArtifact artifact = Artifacts.read(model);
    Path ringFolder = KeygenCommand.ring(keys);
    if (!Files.isDirectory(ringFolder)) {
      throw CliException.usage("no key ring in " + keys, "Give the folder that 'tacet keygen --keys' made.");
    }
    OutputTable table = new OutputTable();
    List<String> undecided = new ArrayList<>();
    List<String> clamped = new ArrayList<>();
    Map<String, Double> bounds = new LinkedHashMap<>();
    char[] secret = passphrase.read(false);
    try (KeyRing ring = KeyRing.open(ringFolder, secret);
        CiphertextFile.Reader in = new CiphertextFile.Reader(input, CiphertextFile.Kind.ANSWERS, artifact.signature());
        CiphertextFile.Reader sent =
            request == null ? null : new CiphertextFile.Reader(request, CiphertextFile.Kind.INPUTS, artifact.signature());
        Progress progress = Progress.start("Decrypting", in.rows(), " requests")) {
      OutputDecryptor decryptor = OutputDecryptor.of(artifact.signature(), ring.secretKey(artifact.parameters()));
      if (sent != null) {
        in.requireRunOf(sent);
      }
      for (int r = 0; r < in.rows(); r++) {
        CiphertextFile.Row row = in.next();
        if (sent != null) {
          in.requireAnswerOf(sent, row);
        }
        List<Postprocessing.Result> results = decrypt(artifact, decryptor, row, table.rows());
        for (int i = 0; i < results.size(); i++) {
          table.add(Answers.row(results.get(i).outputs()));
          undecided.add(Boolean.toString(!results.get(i).undecided().isEmpty()));
          clamped.add(Boolean.toString(!row.clampedFeatures().get(i).isEmpty()));
          results.get(i).errorBounds().forEach((name, bound) -> bounds.merge(name, bound, Math::max));
        }
        progress.step();
      }
      in.requireEnd();
      if (sent != null) {
        sent.requireEnd();
      }
    } finally {
      Arrays.fill(secret, '\0');
    }
    Map<String, List<String>> marks = new LinkedHashMap<>();
    marks.put("undecided", undecided);
    marks.put("clamped", clamped);
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("model", artifact.signature().model());
    report.put("rows", table.rows());
    report.put("outputs", table.outputs());
    report.put("error_bounds", bounds);
    report.put("undecided_rows", PredictCommand.marked(undecided));
    report.put("clamped_rows", PredictCommand.marked(clamped));
    table.write(output, marks, report);
    return CliException.DONE;
  }

  private static List<Postprocessing.Result> decrypt(
      ModelArtifact artifact, OutputDecryptor decryptor, CiphertextFile.Row row, int first) {
    int rows = row.clampedFeatures().size();
    int most = artifact.signature().rowsPerRequest(artifact.parameters());
    if (rows < 1 || rows > most) {
      throw CliException.failed(
          "an answer is to " + rows + " rows, the model takes 1 to " + most + " a request",
          "Give the file that the step before wrote, for the same model.tacet.");
    }
    int index = first;
    try {
      if (most == 1) {
        return List.of(decryptor.decrypt(row.ciphertexts()));
      }
      OutputDecryptor.BatchAnswer answer = decryptor.decryptBatch(row.ciphertexts(), rows);
      for (int r = 0; r < rows; r++, index++) {
        if (answer.failures().containsKey(r)) {
          throw answer.failures().get(r);
        }
      }
      return answer.results();
    } catch (AnswerCheckException e) {
      throw new AnswerCheckException("row " + index + ": " + e.getMessage(), e);
    }
  }
}
