// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.trial;

import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.rows.Rows;
import dev.tacet.compiler.ModelDescription;
import dev.tacet.he.MalformedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A ready model of the repository: model.onnx, tacet.yaml, calibration rows, held-out rows and their truths.
 *
 * @param name the folder's name
 * @param folder the folder
 * @param classifier whether tacet.yaml says "task: classification"
 * @param accuracy largest output error that the compiler may spend, as a share of the output's range
 */
public record ModelFolder(String name, Path folder, boolean classifier, double accuracy) {
  /** The models that come with the repository, smallest first. */
  public static final List<String> READY = List.of("breast-cancer", "diabetes", "mnist-ffnn");

  /** All models of the repository that have the files of a trial: those of {@link #READY} first, then by name. */
  public static List<String> all() {
    List<String> names = new ArrayList<>(READY);
    if (!Files.isDirectory(root())) {
      return names;
    }
    try (Stream<Path> folders = Files.list(root())) {
      folders.filter(folder -> missing(folder).isEmpty()).map(folder -> folder.getFileName().toString())
          .filter(name -> !READY.contains(name)).sorted().forEach(names::add);
    } catch (IOException e) {
      throw new CliException(
          CliException.FAILED, "cannot list " + root() + ": " + e.getMessage(), "Run tacet from a clone of the repository (./tacet).", e);
    }
    return names;
  }

  private static final List<String> FILES =
      List.of("model.onnx", ModelDescription.FILE, "calibration.csv", "test.csv", "test_labels.csv");

  /** Where the ready models are: the folder models of the repository that the launcher names. */
  public static Path root() {
    String home = System.getProperty("tacet.home");
    return home == null ? Path.of("models").toAbsolutePath() : Path.of(home, "models");
  }

  /** Opens the ready model {@code name}. */
  public static ModelFolder open(String name) {
    Path folder = root().resolve(name);
    String missing = missing(folder);
    if (!missing.isEmpty()) {
      throw CliException.failed(
          "model " + name + " is incomplete: " + missing + " missing in " + folder,
          "Run tacet from a clone of the repository (./tacet), or repair it with git.");
    }
    try {
      ModelDescription description = ModelDescription.read(folder);
      return new ModelFolder(
          name, folder, description.task() == ModelDescription.Task.CLASSIFICATION, description.accuracy());
    } catch (IOException | MalformedException e) {
      throw new CliException(
          CliException.FAILED, "cannot read the settings of " + name + ": " + e.getMessage(), "Repair the clone with git.", e);
    }
  }

  /** The files that a ready model needs and {@code folder} lacks, separated by commas. */
  public static String missing(Path folder) {
    List<String> missing = new ArrayList<>();
    for (String file : FILES) {
      if (!Files.isRegularFile(folder.resolve(file))) {
        missing.add(file);
      }
    }
    return String.join(", ", missing);
  }

  /** The ONNX file. */
  public Path onnx() {
    return folder.resolve("model.onnx");
  }

  /** Rows that ranges are taken from. */
  public Rows calibration() {
    return Rows.read(folder.resolve("calibration.csv"));
  }

  /**
   * Where held-out rows are: the folder itself, or its subfolder data, which a script fetches, if the folder keeps fewer
   * than {@code rows} of them.
   */
  private Path heldOut(int rows) {
    Path all = folder.resolve("data");
    boolean fetched = Files.isRegularFile(all.resolve("test.csv")) && Files.isRegularFile(all.resolve("test_labels.csv"));
    return fetched && truths(folder).length < rows ? all : folder;
  }

  /** Up to {@code rows} rows that the model was not trained on. */
  public Rows test(int rows) {
    return Rows.read(heldOut(rows).resolve("test.csv")).first(rows);
  }

  /** What is true of the rows of {@link #test}: a class index or a target each. */
  public double[] truths(int rows) {
    return truths(heldOut(rows));
  }

  private static double[] truths(Path folder) {
    double[][] rows = Rows.read(folder.resolve("test_labels.csv")).values();
    double[] truths = new double[rows.length];
    for (int i = 0; i < truths.length; i++) {
      truths[i] = rows[i][0];
    }
    return truths;
  }
}
