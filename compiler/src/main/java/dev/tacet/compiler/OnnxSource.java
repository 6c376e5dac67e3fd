// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/** Where an ONNX model comes from: a file, whose external tensors lie beside it, or bytes without external tensors. */
public final class OnnxSource {
  /** The largest model file that is read: 1 GiB. */
  public static final long MAX_MODEL_BYTES = 1L << 30;

  /** The most bytes of a model that comes through a pipe. */
  static final int MAX_STREAMED_BYTES = 1 << 26;

  private final String name;
  private final byte[] bytes;
  private final Path folder;

  private OnnxSource(String name, byte[] bytes, Path folder) {
    this.name = name;
    this.bytes = bytes;
    this.folder = folder;
  }

  /**
   * Reads a model file; tensors with external data are looked for in its folder.
   *
   * @param file the ONNX file
   * @return the source, named by the file without its extension
   * @throws IOException if the file cannot be read
   * @throws UncompilableModelException if it is larger than {@link #MAX_MODEL_BYTES}
   */
  public static OnnxSource ofFile(Path file) throws IOException {
    boolean regular = Files.isRegularFile(file);
    long most = regular ? MAX_MODEL_BYTES : MAX_STREAMED_BYTES;
    byte[] bytes = regular && Files.size(file) <= most ? Files.readAllBytes(file) : regular ? null : streamed(file);
    if (bytes == null || bytes.length > most) {
      throw new UncompilableModelException(List.of(new ModelProblem(file.getFileName().toString(), "model",
          regular ? "the file has " + Files.size(file) + " bytes, at most " + most + " are read"
              : "it is no regular file, and has more than " + most + " bytes",
          regular ? "use smaller layers, or keep their weights in half precision" : "write it to a file first")));
    }
    String fileName = file.getFileName().toString();
    int dot = fileName.lastIndexOf('.');
    Path folder = file.toAbsolutePath().normalize().getParent();
    return new OnnxSource(dot > 0 ? fileName.substring(0, dot) : fileName, bytes, folder);
  }

  /** What a pipe or a device has, whose size is not known before it is read, and one byte more than is taken at most. */
  private static byte[] streamed(Path file) throws IOException {
    try (InputStream stream = Files.newInputStream(file)) {
      return stream.readNBytes(MAX_STREAMED_BYTES + 1);
    }
  }

  /**
   * Wraps a model in memory, which may not refer to external data.
   *
   * @param name the model's name
   * @param bytes the ONNX file's content; copied
   */
  public static OnnxSource ofBytes(String name, byte[] bytes) {
    return new OnnxSource(Objects.requireNonNull(name, "name"), bytes.clone(), null);
  }

  /**
   * Gives the same model another name.
   *
   * @param newName the name that reports and signatures carry
   */
  public OnnxSource named(String newName) {
    return new OnnxSource(Objects.requireNonNull(newName, "newName"), bytes, folder);
  }

  /** Returns the model's name. */
  public String name() {
    return name;
  }

  /** Returns a copy of the file's content. */
  public byte[] bytes() {
    return bytes.clone();
  }

  /** Returns the folder of external data, absolute, if the source is a file. */
  public Optional<Path> folder() {
    return Optional.ofNullable(folder);
  }
}
