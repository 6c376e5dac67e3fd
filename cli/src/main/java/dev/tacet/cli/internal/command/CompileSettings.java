// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.command;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.cli.internal.OutputFile;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.compiler.ByteSize;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CostProfile;
import dev.tacet.compiler.ModelDescription;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelPrivacy;
import dev.tacet.he.SecurityLevel;
import dev.tacet.he.Sharing;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of all commands that compile. */
final class CompileSettings {
  private static final Map<String, SecurityLevel> SECURITY =
      Map.of(
          "128", SecurityLevel.CLASSICAL_128,
          "192", SecurityLevel.CLASSICAL_192,
          "256", SecurityLevel.CLASSICAL_256,
          "quantum128", SecurityLevel.QUANTUM_128);

  @Option(names = "--calibration", paramLabel = "ROWS.csv",
      description = "Sample rows that ranges are taken from; they do not enter the result.")
  Path calibration;

  @Option(names = "--config", paramLabel = "tacet.yaml", description = "Options and feature ranges from a file; other options win.")
  private Path config;

  @Option(names = "--name", paramLabel = "NAME", description = "The model's name. Default: the file's.")
  private String name;

  @Option(names = "--task", paramLabel = "TASK",
      description = "classification or regression. Default: told by the graph; several plain numbers are taken for scores of classes.")
  private String task;

  @Option(names = "--security", paramLabel = "LEVEL", description = "128, 192, 256 or quantum128. Default: 128.")
  private String security;

  @Option(names = "--ring", paramLabel = "RING",
      description = "standard, conjugate-invariant or auto (the latter where only its slots hold the widest layer). Default: that of the"
          + " packing, standard for latency.")
  private String ring;

  @Option(names = "--packing", paramLabel = "PACKING", 
      description = "auto (coefficient for a model that is one linear map, else latency), latency, throughput or coefficient."
          + " Default: auto.")
  private String packing;

  @Option(names = "--accuracy", paramLabel = "SHARE",
      description = "Largest error of an output that may be spent, as a share of its range. Default: that of --config, 0.001 unless it sets one;"
          + " 0.005 without.")
  private Double accuracy;

  @Option(names = "--max-degree", paramLabel = "D", description = "Highest degree of a fitted activation, 3..1023. Default: 1023.")
  private Integer maxDegree;

  @Option(names = "--margin", paramLabel = "SHARE",
      description = "How far an activation's input may leave its calibrated range, as a share of it. Default: 0.4.")
  private Double margin;

  @Option(names = "--share-results", paramLabel = "N",
      description = "Reserve precision so that N decrypted results may be shown to others (flooding, see SECURITY.md). Default: none.")
  private Long shareResults;

  @Option(names = "--share-bits", paramLabel = "S",
      description = "Statistical security of all shared results together, 10..128 bits. Default: 30.")
  private Integer shareBits;

  @Option(names = "--rows-per-request", paramLabel = "N",
      description = "Lay N rows side by side in each ciphertext of the latency packing, a power of two: a request takes about as long as one"
          + " with a single row. Default: 1.")
  private Integer rowsPerRequest;

  @Option(names = "--key-budget", paramLabel = "SIZE",
      description = "The most bytes of evaluation keys, such as 20MB: rotations are composed from fewer keys. Default: no limit.")
  private String keyBudget;

  @Option(names = "--cost-profile", paramLabel = "FILE",
      description = "The machine that will serve, as 'tacet bench profile' measured it. Default: a machine that is built in.")
  private Path costProfile;

  @Option(names = "--no-guards", description = "Send no proofs back that activations stayed inside their fitted intervals.")
  private boolean withoutGuards;

  @Option(names = "--model-privacy",
      description = "Answers that hide the model beyond their values: re-randomised and flooded, without guards (see SECURITY.md).")
  private boolean modelPrivacy;

  @Option(names = "--private-answers", paramLabel = "N",
      description = "With --model-privacy: how many answers it holds for, all clients together. Default: 1048576.")
  private Long privateAnswers;

  @Option(names = "--private-bits", paramLabel = "S",
      description = "With --model-privacy: statistical security of all these answers together, 10..128 bits. Default: 30.")
  private Integer privateBits;

  /** As {@link #options()}, but refuses to start without rows or ranges to calibrate with. */
  CompileOptions calibrated() {
    if (!hasRanges()) {
      throw CliException.usage(
          "sample rows are missing", "Give --calibration ROWS.csv, rows of the kind that the model will see, or --config tacet.yaml.");
    }
    return options();
  }

  /** Whether rows or ranges to calibrate with are there. */
  boolean hasRanges() {
    return calibration != null || config != null;
  }

  /** The compiler's options. */
  CompileOptions options() {
    CompileOptions options = fromConfig();
    if (calibration != null) {
      Rows rows = Rows.read(calibration);
      try {
        options = options.withCalibration(List.of(rows.values())).withFeatureNames(rows.header() == null ? List.of() : rows.header());
      } catch (IllegalArgumentException e) {
        throw new CliException(CliException.BAD_USAGE, calibration + ": " + e.getMessage(), "Correct or remove that row.", e);
      }
    }
    try {
      options = name == null ? options : options.withModel(name);
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Give another --name.", e);
    }
    try {
      options = accuracy == null ? options : options.withAccuracy(accuracy);
      options = maxDegree == null ? options : options.withMaxDegree(maxDegree);
      options = margin == null ? options : options.withMargin(margin);
      options = rowsPerRequest == null ? options : options.withRowsPerRequest(rowsPerRequest);
      options = keyBudget == null ? options : options.withKeyBudget(ByteSize.limit(keyBudget));
      options = shareResults == null ? options
          : options.withSharing(new Sharing(shareResults, shareBits == null ? CompileOptions.SHARE_BITS : shareBits, 0));
      options = modelPrivacy ? options.withModelPrivacy(privacy()) : options;
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, e.getMessage(), "Give a number in that range.", e);
    }
    if (shareBits != null && shareResults == null) {
      throw CliException.usage("--share-bits is given without --share-results", "Say how many results are to be shared.");
    }
    if (!modelPrivacy && (privateAnswers != null || privateBits != null)) {
      throw CliException.usage("--private-answers or --private-bits is given without --model-privacy", "Give --model-privacy too.");
    }
    if (task != null) {
      options = options.withTask(task());
    }
    if (security != null) {
      options = options.withSecurity(level());
    }
    if (ring != null) {
      options = options.withRing(ring());
    }
    if (costProfile != null) {
      options = options.withCosts(costs());
    }
    return packed(withoutGuards ? options.withGuards(false) : options);
  }

  private ModelPrivacy privacy() {
    ModelPrivacy usual = CompileOptions.MODEL_PRIVACY;
    return new ModelPrivacy(
        privateAnswers == null ? usual.answers() : privateAnswers, privateBits == null ? usual.statisticalBits() : privateBits, 0);
  }

  private CompileOptions fromConfig() {
    if (config == null) {
      return CompileOptions.defaults();
    }
    InputFile.require(config, "Give --config the tacet.yaml of a model.");
    try {
      return CompileOptions.fromYaml(config);
    } catch (IOException | IllegalArgumentException | MalformedException e) {
      String why = e instanceof IOException io ? OutputFile.reason(io) : e.getMessage();
      throw new CliException(
          CliException.BAD_USAGE, "cannot use " + config + ": " + why, "See docs/models.md for the keys of tacet.yaml.", e);
    }
  }

  private ModelDescription.Task task() {
    return switch (task.toLowerCase(Locale.ROOT)) {
      case "classification" -> ModelDescription.Task.CLASSIFICATION;
      case "regression" -> ModelDescription.Task.REGRESSION;
      default -> throw CliException.usage("--task is " + task, "Give classification or regression.");
    };
  }

  private SecurityLevel level() {
    SecurityLevel level = SECURITY.get(security.toLowerCase(Locale.ROOT));
    if (level == null) {
      throw CliException.usage("--security is " + security, "Give 128, 192, 256 or quantum128.");
    }
    return level;
  }

  private CompileOptions.Ring ring() {
    return switch (ring.toLowerCase(Locale.ROOT)) {
      case "standard" -> CompileOptions.Ring.STANDARD;
      case "conjugate-invariant" -> CompileOptions.Ring.CONJUGATE_INVARIANT;
      case "auto" -> CompileOptions.Ring.AUTO;
      default -> throw CliException.usage("--ring is " + ring, "Give standard, conjugate-invariant or auto.");
    };
  }

  /** The cost profile that was given; null if none was. */
  CostProfile costs() {
    try {
      return costProfile == null ? null : CostProfile.read(costProfile);
    } catch (IOException | IllegalArgumentException e) {
      throw new CliException(
          CliException.BAD_USAGE, "cannot use " + costProfile + ": " + e.getMessage(), "Make it with 'tacet bench profile'.", e);
    }
  }

  private CompileOptions packed(CompileOptions options) {
    return packing == null ? options : options.withPacking(packing(packing));
  }

  /** The packing of this name. */
  static CompileOptions.Packing packing(String name) {
    try {
      return CompileOptions.Packing.valueOf(name.toUpperCase(Locale.ROOT));
    } catch (IllegalArgumentException e) {
      throw new CliException(CliException.BAD_USAGE, "--packing is " + name, "Give auto, latency, throughput or coefficient.", e);
    }
  }
}
