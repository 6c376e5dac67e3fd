// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.offline.Artifacts;
import dev.tacet.cli.internal.offline.CiphertextFile;
import dev.tacet.cli.internal.offline.EvaluationKeyFile;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.Spread;
import dev.tacet.he.Ciphertext;
import dev.tacet.he.Context;
import dev.tacet.he.EvaluationKeySet;
import dev.tacet.he.ExecutableProgram;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Evaluates encrypted rows. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    description = "The host's step: run the model on encrypted rows, with the owner's evaluation keys and nothing secret.")
public final class EvaluateCommand implements Callable<Integer> {
  @Parameters(paramLabel = "model.tacet", description = "The compiled model.")
  private Path model;

  @Option(names = "--evaluation-keys", paramLabel = "FILE",
      description = "evaluation.keys, as 'tacet keygen' wrote it; not needed for a model that needs no keys.")
  private Path keys;

  @Option(names = "--input", required = true, paramLabel = "FILE", description = "Encrypted rows.")
  private Path input;

  @Option(names = "--output", required = true, paramLabel = "FILE", description = "Where the encrypted answers go.")
  private Path output;

  @Override
  public Integer call() throws IOException {
    OutputFile.requireFile(output);
    ModelArtifact artifact = Artifacts.read(model);
    boolean keyless = artifact.signature().keys().isEmpty();
    if (keys == null && !keyless) {
      throw CliException.usage(
          "the model needs " + artifact.signature().keys().size() + " evaluation keys", "Give --evaluation-keys FILE.");
    }
    List<Long> nanos = new ArrayList<>();
    long features = 0;
    int rows;
    try (CiphertextFile.Reader in = new CiphertextFile.Reader(input, CiphertextFile.Kind.INPUTS, artifact.signature());
        Context context = Context.create(artifact.parameters());
        EvaluationKeySet keySet =
            keys == null
                ? EvaluationKeySet.empty(context)
                : EvaluationKeyFile.load(keys, context, artifact.program().requiredKeys());
        ExecutableProgram program = ExecutableProgram.load(context, artifact.program());
        Progress progress = Progress.start("Evaluating", in.rows(), " requests");
        CiphertextFile.Writer out =
            new CiphertextFile.Writer(output, CiphertextFile.Kind.ANSWERS, artifact.signature(), in.run(), in.rows())) {
      rows = in.rows();
      for (int r = 0; r < rows; r++) {
        CiphertextFile.Row row = in.next();
        features += row.clampedFeatures().size();
        out.write(row.answer(run(program, keySet, row.ciphertexts(), nanos)));
        progress.step();
      }
      in.requireEnd();
      out.commit();
    }
    System.out.printf(
        "Wrote %s: %d rows, %s, %s a %s%n",
        output, features, Units.bytes(Files.size(output)),
        Units.milliseconds(Spread.ofNanos(nanos).median()), features == rows ? "row" : "request");
    return CliException.DONE;
  }

  private static List<byte[]> run(ExecutableProgram program, EvaluationKeySet keys, List<byte[]> blobs, List<Long> nanos) {
    List<Ciphertext> inputs = new ArrayList<>();
    try {
      for (byte[] blob : blobs) {
        inputs.add(Ciphertext.fromBytes(program.context(), ByteBuffer.wrap(blob)));
      }
      try (ExecutableProgram.Run run = program.run(keys, inputs, null)) {
        nanos.add(run.nanos());
        return run.outputs().stream().map(Ciphertext::toBytes).toList();
      }
    } finally {
      inputs.forEach(Ciphertext::close);
    }
  }
}
