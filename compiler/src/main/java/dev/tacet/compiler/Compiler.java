// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.compiler.internal.CompilePipeline;
import dev.tacet.compiler.internal.Feasibility;
import dev.tacet.compiler.internal.lower.Lowering;
import dev.tacet.compiler.internal.onnx.OnnxReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Compiles ONNX models to artifacts that a Tacet server runs on encrypted rows. */
public final class Compiler {
  private Compiler() {}

  /**
   * Compiles a model.
   *
   * @param source the ONNX file
   * @param options sample rows or ranges, and what is asked for
   * @return the artifact and its report; the accuracy asked for may be missed, and the report says so
   * @throws MalformedModelException if the file is not a valid ONNX model
   * @throws UncompilableModelException with every node that cannot run, or if no parameter set has room for the model
   * @throws dev.tacet.he.MalformedException if the options declare other inputs, features or classes than the model has
   * @throws IllegalArgumentException if rows do not fit the model, or there are neither rows nor ranges
   */
  public static CompileResult compile(OnnxSource source, CompileOptions options) {
    return new CompilePipeline(source, options).run();
  }

  /**
   * Compiles the model of a repository folder by its tacet.yaml.
   *
   * @param folder holds tacet.yaml and the ONNX file that it names
   * @throws IOException if a file cannot be read
   */
  public static CompileResult compileFolder(Path folder) throws IOException {
    ModelDescription description = ModelDescription.read(folder);
    CompileOptions options = CompileOptions.fromYaml(folder.resolve(ModelDescription.FILE));
    return compile(OnnxSource.ofFile(folder.resolve(description.model())), options);
  }

  /**
   * Says what would keep a model from running, without sample rows: its operators and weights and, where these all run, the
   * fewest levels that it can take.
   *
   * @return every problem; empty if the model's operators all run and its depth may fit
   * @throws MalformedModelException if the file is not a valid ONNX model
   */
  public static List<ModelProblem> check(OnnxSource source) {
    try {
      return Feasibility.depth(source.name(), Lowering.lower(OnnxReader.read(source), 0), CompileOptions.defaults())
          .map(List::of).orElse(List.of());
    } catch (UncompilableModelException e) {
      return e.problems();
    }
  }
}
