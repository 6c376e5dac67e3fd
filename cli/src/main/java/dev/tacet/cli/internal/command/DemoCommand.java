// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.Json;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.blind.BlindProof;
import dev.tacet.cli.internal.blind.Secrets;
import dev.tacet.cli.internal.rows.OutputTable;
import dev.tacet.cli.internal.terminal.Progress;
import dev.tacet.cli.internal.terminal.Terminal;
import dev.tacet.cli.internal.terminal.Units;
import dev.tacet.cli.internal.trial.LocalHost;
import dev.tacet.cli.internal.trial.ModelFolder;
import dev.tacet.cli.internal.trial.ReadyModel;
import dev.tacet.cli.internal.trial.Trial;
import dev.tacet.cli.internal.trial.TrialReport;
import dev.tacet.cli.internal.trial.TrialView;
import dev.tacet.client.TacetClient;
import dev.tacet.he.CoefficientLayout;
import dev.tacet.he.Parameters;
import dev.tacet.he.RowPacking;
import dev.tacet.he.Signature;
import dev.tacet.he.SignatureInput;
import dev.tacet.he.secret.SecretKeyAccess;
import java.lang.ref.Reference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** The three ready models on a host that is shown to be blind. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Medical records and handwritten digits, classified by a server that cannot read them.",
      "Server and client are two processes on this machine. At the end everything that the server has is searched for"
          + " features, answers and the secret key."
    })
public final class DemoCommand implements Callable<Integer> {
  private static final int ROWS_AT_MOST = 200;
  private static final int RECORDS_SHOWN = 4;
  private static final int ROWS_AS_SLOTS = 20;

  @Option(names = "--json", paramLabel = "FILE", description = "Also write everything as JSON; - is standard output.")
  private Path json;

  @Option(names = "--models", paramLabel = "NAME", split = ",", description = "Which models. Default: all three.")
  private List<String> names = ModelFolder.READY;

  /** What stays in this process's memory until the search is over, so that the search must find it. */
  private final List<Object> held = new ArrayList<>();

  private final Secrets secrets = new Secrets();
  private boolean quiet;

  @Override
  public Integer call() {
    OutputFile.require(json);
    quiet = json != null && json.toString().equals("-");
    for (String name : names) {
      if (!ModelFolder.READY.contains(name)) {
        throw CliException.usage("no ready model " + name, "There are " + String.join(", ", ModelFolder.READY) + ".");
      }
    }
    List<ReadyModel> models = new ArrayList<>();
    try (Progress progress = Progress.start("Compiling", names.size(), " models")) {
      for (String name : names) {
        models.add(ReadyModel.open(name, ROWS_AT_MOST));
        progress.step();
      }
    }
    String phrase = UUID.randomUUID().toString();
    List<TrialReport> reports = new ArrayList<>();
    List<String> missed = new ArrayList<>();
    BlindProof.Report proof;
    try (LocalHost host = LocalHost.start(models.stream().map(m -> m.compilation().artifact()).toList(), phrase, true);
        ClientProgress progress = new ClientProgress();
        TacetClient client = TacetClient.builder(host.uri()).clampFeatures(true).progress(progress).build()) {
      say(
          "Client: this process, " + ProcessHandle.current().pid() + ". Server: process " + host.pid()
              + ", behind a proxy that records every byte.");
      for (ReadyModel model : models) {
        TrialReport report = run(client, progress, model);
        reports.add(report);
        missed.addAll(model.missed(report));
        if (!quiet) {
          TrialView.print(report, RECORDS_SHOWN);
        }
      }
      say("");
      say(Terminal.bold("Is the host blind?"));
      say("");
      try (Progress searching = Progress.start("Searching memory", 0, "")) {
        proof = new BlindProof(secrets, phrase).run(host.pid(), host.folders(), host.wire());
      }
      Reference.reachabilityFence(held);
    }
    if (json != null) {
      Json.write(json, report(reports, proof));
    }
    return conclude(proof, missed);
  }

  private TrialReport run(TacetClient client, ClientProgress progress, ReadyModel model) {
    Trial trial = Trial.prepare(client, model.compilation().artifact());
    trial.run(model.rows(), model.clear(), model.clear(), new OutputTable(), model.kind(), done -> progress.rows(done, model.rows().count()));
    TrialReport report = trial.report(model.compilation().milliseconds(), model.truths());
    double[] answers = trial.numbers();
    byte[] text = trial.outputs().csv(Map.of()).getBytes(StandardCharsets.UTF_8);
    held.addAll(List.of(model.rows(), answers, text));
    secrets.features(model.rows()).answers(answers, text);
    for (double[] row : Arrays.copyOf(model.rows().values(), Math.min(ROWS_AS_SLOTS, model.rows().count()))) {
      SignatureInput input = trial.model().signature().inputs().get(0);
      secrets.slots(normalised(trial.model().signature(), trial.model().parameters(), input, input.clamp(row)));
    }
    List<byte[]> forms = client.keyRing().secretKey(trial.model().parameters()).memoryForms(SecretKeyAccess.get());
    secrets.secretKey(forms.get(0), forms.get(1), forms.get(2));
    return report;
  }

  /** The numbers that are encrypted for a row of the first input. */
  private static double[] normalised(Signature signature, Parameters parameters, SignatureInput input, double[] row) {
    if (signature.packing() == RowPacking.COEFFICIENT) {
      return CoefficientLayout.of(signature, parameters).pack(input, row).stream().flatMapToDouble(Arrays::stream).toArray();
    }
    return Arrays.copyOf(input.pack(row, parameters.slots()), input.features());
  }

  private Integer conclude(BlindProof.Report proof, List<String> missed) {
    if (!quiet) {
      proof.print();
      System.out.println();
    }
    if (!proof.holds()) {
      List<String> faults = new ArrayList<>();
      proof.hits().stream().limit(3).forEach(hit -> faults.add("found " + hit));
      proof.plantedMissing().forEach(place -> faults.add("the search did not find what was planted in the " + place));
      proof.heldMissing().forEach(what -> faults.add("the search did not find " + what + " in this process"));
      throw CliException.failed(
          "the host is not shown to be blind: " + String.join("; ", faults), "Report this with the output of 'tacet doctor'.");
    }
    say(
        "Searched " + Units.bytes(proof.bytesOutsideClient())
            + " of the server's memory, its folders and the wire:");
    say("no feature, no answer, no part of the secret key. The same search finds them in this process,");
    say("and in the server what was planted there.");
    if (!missed.isEmpty()) {
      Failures.tell("the accuracy target was missed: " + String.join("; ", missed), "Report this with the output of 'tacet doctor'.");
      return CliException.ACCURACY_MISSED;
    }
    return CliException.DONE;
  }

  private static Map<String, Object> report(List<TrialReport> reports, BlindProof.Report proof) {
    Map<String, Object> blind = new LinkedHashMap<>();
    blind.put("bytes_searched", proof.bytesOutsideClient());
    blind.put("hits", proof.hits().size());
    blind.put("needles", proof.needles());
    Map<String, Map<String, Integer>> found = new LinkedHashMap<>();
    proof.found().forEach((what, places) -> found.put(what, named(places)));
    blind.put("found", found);
    blind.put("bytes_by_place", named(proof.bytesSearched()));
    blind.put("planted_not_found", proof.plantedMissing());
    blind.put("held_not_found", proof.heldMissing());
    Map<String, Object> report = new LinkedHashMap<>();
    report.put("models", reports);
    report.put("blind", blind);
    return report;
  }

  private static <T> Map<String, T> named(Map<BlindProof.Place, T> values) {
    Map<String, T> named = new LinkedHashMap<>();
    values.forEach((place, value) -> named.put(place.name().toLowerCase(Locale.ROOT), value));
    return named;
  }

  private void say(String line) {
    if (!quiet) {
      System.out.println(line);
    }
  }
}
