// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.InputFile;
import dev.tacet.compiler.AccuracyChoice;
import dev.tacet.compiler.CompileOptions;
import dev.tacet.compiler.CompileResult;
import dev.tacet.compiler.Compiler;
import dev.tacet.compiler.MalformedModelException;
import dev.tacet.compiler.ModelProblem;
import dev.tacet.compiler.OnnxSource;
import dev.tacet.compiler.UncompilableModelException;
import dev.tacet.he.MalformedException;
import dev.tacet.he.ModelArtifact;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/**
 * A compiled model and what it took.
 *
 * @param artifact the result
 * @param accuracyMet whether the sample rows meet the accuracy asked for
 * @param milliseconds of compiling, reading the file included
 */
public record Compilation(ModelArtifact artifact, boolean accuracyMet, double milliseconds) {
  /** Compiles an ONNX file. */
  public static Compilation of(Path onnx, CompileOptions options) {
    long start = System.nanoTime();
    OnnxSource source = source(onnx);
    if (options.model() != null) {
      source = source.named(options.model());
    }
    try {
      CompileResult result = Compiler.compile(source, options);
      return new Compilation(result.artifact(), result.report().accuracyMet(), (System.nanoTime() - start) / 1e6);
    } catch (UncompilableModelException e) {
      throw refused(onnx, e.problems(), e);
    } catch (MalformedModelException e) {
      throw malformed(onnx, e);
    } catch (MalformedException e) {
      throw misdescribed(e);
    } catch (IllegalArgumentException e) {
      throw unfit(e);
    }
  }

  /** What several accuracies cost. */
  public static List<Choice> choices(Path onnx, CompileOptions options) {
    try {
      return Choice.of(AccuracyChoice.of(source(onnx), options));
    } catch (UncompilableModelException e) {
      throw refused(onnx, e.problems(), e);
    } catch (MalformedModelException e) {
      throw malformed(onnx, e);
    } catch (MalformedException e) {
      throw misdescribed(e);
    } catch (IllegalArgumentException e) {
      throw unfit(e);
    }
  }

  /** Sample rows or ranges that do not fit the model: another number of features, an input without ranges. */
  private static CliException unfit(IllegalArgumentException e) {
    return new CliException(
        CliException.BAD_USAGE, e.getMessage(), "Give sample rows of the kind that the model will see, in its input order.", e);
  }

  /** A configuration that declares other inputs, features or classes than the model has. */
  private static CliException misdescribed(MalformedException e) {
    return new CliException(
        CliException.BAD_USAGE, e.getMessage(), "Make the file that --config names say what the model has; see docs/models.md.", e);
  }

  /**
   * Everything in an ONNX file that cannot run encrypted; none if it can.
   *
   * @param options null to look at the operators alone; else the model is compiled too, so that depth and size are proved
   */
  public static List<ModelProblem> check(Path onnx, CompileOptions options) {
    List<ModelProblem> problems;
    try {
      problems = Compiler.check(source(onnx));
    } catch (MalformedModelException e) {
      throw malformed(onnx, e);
    }
    if (!problems.isEmpty() || options == null) {
      return problems;
    }
    try {
      Compiler.compile(source(onnx), options);
      return List.of();
    } catch (UncompilableModelException e) {
      return e.problems();
    } catch (MalformedException e) {
      throw misdescribed(e);
    } catch (IllegalArgumentException e) {
      throw unfit(e);
    }
  }

  /**
   * Checks an ONNX file's operators before anything else opens it.
   *
   * @throws CliException naming all that cannot run encrypted, or why it is no ONNX model
   */
  public static void requireSupported(Path onnx) {
    List<ModelProblem> problems = check(onnx, null);
    if (!problems.isEmpty()) {
      throw refused(onnx, problems, null);
    }
  }

  /** Opens an ONNX file; its name is the model's, or its folder's if the file is just called model. */
  public static OnnxSource source(Path onnx) {
    InputFile.require(onnx, "Name the ONNX file of a model.");
    try {
      OnnxSource source = OnnxSource.ofFile(onnx);
      Path folder = onnx.toAbsolutePath().normalize().getParent();
      boolean plain = source.name().equals("model") && folder != null && folder.getFileName() != null;
      return source.named(modelName(plain ? folder.getFileName().toString() : source.name()));
    } catch (UncompilableModelException e) {
      throw refused(onnx, e.problems(), e);
    } catch (IOException e) {
      throw new CliException(CliException.FAILED, "cannot read " + onnx + ": " + e.getMessage(), "Check the file.", e);
    }
  }

  /** A file's name as a model's name: letters, digits, dot, dash and underscore. */
  static String modelName(String name) {
    String cleaned = name.replaceAll("[^A-Za-z0-9._-]", "-").replaceAll("^[^A-Za-z0-9]+", "");
    return cleaned.isEmpty() ? "model" : cleaned.substring(0, Math.min(128, cleaned.length()));
  }

  private static CliException malformed(Path onnx, MalformedModelException e) {
    return new CliException(
        CliException.FAILED, onnx + " is not a valid ONNX model: " + e.getMessage(), "Export the model again.", e);
  }

  /** The refusal of a model, with every node that stands in the way: several have a line each. */
  private static CliException refused(Path onnx, List<ModelProblem> problems, Exception cause) {
    String what = onnx.getFileName() + " cannot run encrypted: ";
    if (problems.size() == 1) {
      ModelProblem only = problems.get(0);
      return new CliException(
          CliException.FAILED, what + "node " + only.node() + " (" + only.opType() + "): " + only.reason(), only.rewrite(), cause);
    }
    return new CliException(
        CliException.FAILED, what + problems.size() + " nodes are in the way", problems.stream().map(ModelProblem::toString).toList(),
        "Make the rewrites that are listed with the nodes, and export the model again.", cause);
  }
}
