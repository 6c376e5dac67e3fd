// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.models;

import dev.tacet.compiler.CompileOptions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Finds models in a folder: {@code <root>/<model>/<version>/model.tacet} or {@code .../model.onnx}
 * with {@code tacet.yaml}; the files may also lie in
 * {@code <root>/<model>/} itself, which is version 1. A model file in the root, which no folder names, is found too, as one that cannot be
 * loaded. Names are letters, digits, dot, dash and underscore.
 */
public final class ModelFolders {
  /** The compiled artifact. */
  public static final String ARTIFACT = "model.tacet";

  /** The owner's signature of the artifact. */
  public static final String PROVENANCE = "model.tacet.sig";

  /** The ONNX file that is compiled when the server starts, unless the description names another. */
  public static final String ONNX = "model.onnx";

  /** What is said of the ONNX file beside it. */
  public static final String DESCRIPTION = "tacet.yaml";

  /** Orders versions: numbers as numbers and after texts, texts as texts. */
  public static final Comparator<String> VERSION_ORDER =
      Comparator.comparing((String v) -> isNumber(v))
          .thenComparing(v -> isNumber(v) ? new BigInteger(v) : BigInteger.ZERO)
          .thenComparing(Comparator.naturalOrder());

  private static final String CLOSED = "its folder cannot be read: no permission";

  private static final List<String> FILES = List.of(ARTIFACT, ONNX, DESCRIPTION);

  /**
   * One version's place.
   *
   * @param folder holds the model's files
   * @param version empty where the folder of the model itself cannot be read, which its versions are not known of
   * @param problem why it cannot be loaded, found from names alone; empty if there is none
   */
  public record Found(String name, String version, Path folder, String problem) {
    /** Tells whether another look found the same version in the same place. */
    boolean isSame(Found other) {
      return name.equals(other.name) && version.equals(other.version) && folder.equals(other.folder);
    }
  }

  private ModelFolders() {}

  private static boolean isNumber(String version) {
    return version.length() <= 64 && version.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  /**
   * Lists every version below the root, models by name and versions in {@link #VERSION_ORDER}.
   *
   * @throws IOException if the root is no readable folder
   */
  public static List<Found> scan(Path root) throws IOException {
    List<Found> found = new ArrayList<>();
    for (Path model : folders(root)) {
      found.addAll(versions(model));
    }
    for (Found loose : loose(root)) {
      if (found.stream().noneMatch(other -> other.name().equals(loose.name()))) {
        found.add(loose);
      }
    }
    return found;
  }

  /**
   * Lists the versions of one model.
   *
   * @param name of its folder, whatever it is: only a folder that is listed below the root is looked into
   * @throws IOException if a folder cannot be read
   */
  static List<Found> scan(Path root, String name) throws IOException {
    for (Path model : folders(root)) {
      if (model.getFileName().toString().equals(name)) {
        return versions(model);
      }
    }
    return loose(root).stream().filter(found -> found.name().equals(name)).limit(1).toList();
  }

  /** Model files that lie beside the folders of models. */
  private static List<Found> loose(Path root) throws IOException {
    try (Stream<Path> children = Files.list(root)) {
      return children
          .filter(Files::isRegularFile)
          .map(file -> file.getFileName().toString())
          .filter(file -> !file.startsWith(".") && (file.endsWith(".tacet") || file.endsWith(".onnx")))
          .sorted(Comparator.reverseOrder())  // of NAME.tacet and NAME.onnx, the compiled one
          .map(file -> {
            String name = file.substring(0, file.lastIndexOf('.'));
            boolean compiled = file.endsWith(".tacet");
            return new Found(name, "1", root.resolve(name), file + " lies beside the folders of models, where none is loaded: make it "
                + (compiled ? "NAME/" + ARTIFACT + ", NAME being the model's own" : "NAME/" + ONNX + ", with " + DESCRIPTION + " beside it"));
          })
          .toList();
    }
  }

  private static List<Found> versions(Path model) throws IOException {
    String name = model.getFileName().toString();
    if (isClosed(model)) {
      return CompileOptions.NAME.matcher(name).matches() ? List.of(new Found(name, "", model, CLOSED)) : List.of(); // a disk's lost+found
    }
    if (!Files.isDirectory(model)) {
      return List.of(new Found(name, "1", model, name + " is a link to nothing"));
    }
    List<Found> versions = new ArrayList<>();
    if (namesModel(model)) {
      versions.add(new Found(name, "1", model, problem(name, "1", model)));
    }
    for (Path version : folders(model)) {
      String text = version.getFileName().toString();
      if (FILES.contains(text)) {
        continue; // a folder in a file's place, which the version around it is told of
      }
      if (isDangling(version)) {
        versions.add(new Found(name, text, version, text + " is a link to nothing"));
      } else if (isClosed(version)) {
        if (CompileOptions.NAME.matcher(text).matches()) {
          versions.add(new Found(name, text, version, CLOSED));
        }
      } else if (namesModel(version)) {
        boolean twice = versions.stream().anyMatch(v -> v.version().equals(text));
        versions.add(new Found(name, text, version, twice ? "version " + text + " occurs twice" : problem(name, text, version)));
      }
    }
    if (versions.isEmpty() && CompileOptions.NAME.matcher(name).matches() && holdsNoFile(model)) {
      versions.add(new Found(name, "1", model, "its folder is empty: there is no " + ARTIFACT + " and no " + ONNX));
    }
    versions.sort(Comparator.comparing(Found::version, VERSION_ORDER));
    return versions;
  }

  private static String problem(String name, String version, Path folder) {
    for (String file : Files.isRegularFile(folder.resolve(ARTIFACT)) ? List.<String>of() : FILES) {
      Path path = folder.resolve(file);
      if (Files.isDirectory(path)) {
        return file + " is a folder, not a file";
      } else if (isDangling(path)) {
        return file + " is a link to nothing";
      } else if (Files.exists(path) && !Files.isRegularFile(path)) {
        return file + " is no file with contents";
      }
    }
    for (String part : new String[] {name, version}) {
      if (!CompileOptions.NAME.matcher(part).matches()) {
        return "\"" + part + "\" is no name: letters, digits, dot, dash and underscore, at most 128";
      }
    }
    return "";
  }

  /** Tells whether a folder holds the files of a version. */
  static boolean holdsModel(Path folder) {
    return FILES.stream().anyMatch(file -> Files.isRegularFile(folder.resolve(file)));
  }

  /** Tells whether a folder holds anything under the name of such a file. */
  private static boolean namesModel(Path folder) {
    return FILES.stream().anyMatch(file -> Files.exists(folder.resolve(file), LinkOption.NOFOLLOW_LINKS));
  }

  private static boolean holdsNoFile(Path model) throws IOException {
    try (Stream<Path> files = Files.walk(model, 2, FileVisitOption.FOLLOW_LINKS)) {
      return files.noneMatch(Files::isRegularFile);
    } catch (UncheckedIOException e) {
      return false; // links in a circle, or what cannot be read: not empty
    }
  }

  /** Tells whether this process may not look into a folder. */
  private static boolean isClosed(Path folder) {
    return Files.isDirectory(folder) && !(Files.isReadable(folder) && Files.isExecutable(folder));
  }

  private static boolean isDangling(Path path) {
    return Files.isSymbolicLink(path) && !Files.exists(path);
  }

  private static List<Path> folders(Path parent) throws IOException {
    try (Stream<Path> children = Files.list(parent)) {
      return children
          .filter(child -> Files.isDirectory(child) || isDangling(child))
          .filter(child -> !child.getFileName().toString().startsWith("."))
          .sorted()
          .toList();
    }
  }
}
