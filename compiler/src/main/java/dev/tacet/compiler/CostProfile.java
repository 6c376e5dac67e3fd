// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import dev.tacet.compiler.internal.cost.ProgramWork;
import dev.tacet.he.Program;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How long a machine takes for the parts of the engine's work, as measured there ({@code tacet bench profile}). It is an input of
 * the compilation, recorded in the artifact: choices between rotations depend on it, so replicas and restarts must be given the same.
 *
 * @param name the machine's name
 * @param processor what its processor calls itself
 * @param kernels the engine's kernel table there
 * @param threads the threads of the engine that the rates are of
 * @param rates by log2 of the ring degree; at least one
 * @param start nanoseconds that a run takes beside its operations, where a host has done other things since the last one: its start, and
 *     what the processor's caches have lost
 */
public record CostProfile(
    String name, String processor, String kernels, int threads, SortedMap<Integer, Rates> rates, double start) {
  private static final String EMBEDDED = "cost-profile.json";
  private static final int MAX_TEXT = 200;
  private static final int MAX_THREADS = 4096;

  /** Rates slower than this, 1 ms for a word, are no measurement. */
  private static final double MAX_RATE = 1e6;

  /** A second. */
  private static final double MAX_START = 1e9;

  private static final int MAX_LOG_DEGREE = 17;

  /**
   * Nanoseconds of wall time for each kind of work; none is negative.
   *
   * @param butterfly a butterfly of a transform
   * @param conversion a product of a base conversion
   * @param keyWord a word of a digit times both halves of a key
   * @param diagonalWord a word of a diagonal times both halves of a baby step
   * @param word a word that element-wise arithmetic writes
   * @param term a product of a matrix product
   * @param smallTerm one by a small weight
   * @param call an operation that is started
   */
  public record Rates(
      double butterfly, double conversion, double keyWord, double diagonalWord, double word, double term, double smallTerm,
      double call) {
    private static final String[] NAMES = {"butterfly", "conversion", "key_word", "diagonal_word", "word", "term", "small_term", "call"};

    /** Checks. */
    public Rates {
      double[] values = {butterfly, conversion, keyWord, diagonalWord, word, term, smallTerm, call};
      for (int i = 0; i < values.length; i++) {
        if (!(values[i] >= 0 && values[i] <= MAX_RATE)) {
          throw new IllegalArgumentException("rate " + NAMES[i] + " is " + values[i] + " ns, needs 0.." + MAX_RATE);
        }
      }
      if (butterfly == 0) {
        throw new IllegalArgumentException("rate butterfly is 0 ns, no machine is so fast");
      }
    }

    /** Makes rates from an array in the order of the components. */
    public static Rates of(double[] v) {
      return new Rates(v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7]);
    }

    /** Returns the rates in the order of the components. */
    public double[] toArray() {
      return new double[] {butterfly, conversion, keyWord, diagonalWord, word, term, smallTerm, call};
    }
  }

  /** Checks and copies. */
  public CostProfile {
    for (String text : new String[] {name, processor, kernels}) {
      if (text == null || text.isBlank() || text.length() > MAX_TEXT || text.chars().anyMatch(Character::isISOControl)) {
        throw new IllegalArgumentException("a profile's name, processor and kernels are texts of 1.." + MAX_TEXT
            + " characters without control characters");
      }
    }
    if (threads < 1 || threads > MAX_THREADS) {
      throw new IllegalArgumentException("threads is " + threads + ", needs 1.." + MAX_THREADS);
    }
    rates = java.util.Collections.unmodifiableSortedMap(new TreeMap<>(rates));
    if (rates.isEmpty() || rates.firstKey() < 1 || rates.lastKey() > MAX_LOG_DEGREE) {
      throw new IllegalArgumentException("rates are of the ring degrees 2^" + rates.keySet() + ", needs at least one of 2^1..2^"
          + MAX_LOG_DEGREE);
    }
    if (!(start >= 0 && start <= MAX_START)) {
      throw new IllegalArgumentException("start is " + start + " ns, needs 0.." + MAX_START);
    }
  }

  /** Returns the rates at a ring degree, or those of the nearest one that was measured. */
  public Rates at(int logRingDegree) {
    Rates nearest = null;
    int distance = Integer.MAX_VALUE;
    for (Map.Entry<Integer, Rates> entry : rates.entrySet()) {
      if (Math.abs(entry.getKey() - logRingDegree) <= distance) {  // the larger of two
        nearest = entry.getValue();
        distance = Math.abs(entry.getKey() - logRingDegree);
      }
    }
    return nearest;
  }

  /** Returns the wall time in nanoseconds that this machine takes for each layer of a program. */
  public double[] nanosByLayer(Program program) {
    return ProgramWork.nanos(program, this);
  }

  /** Returns the profile that is used where none is given: of one machine, so that every machine compiles alike. */
  public static CostProfile embedded() {
    return Embedded.PROFILE;
  }

  private static final class Embedded {
    private static final CostProfile PROFILE = read();

    private static CostProfile read() {
      try (InputStream in = CostProfile.class.getResourceAsStream(EMBEDDED)) {
        return parse(new String(in.readAllBytes(), StandardCharsets.UTF_8));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * Reads a file of {@link #toJson()}.
   *
   * @throws IllegalArgumentException naming the field that is missing or out of range
   */
  public static CostProfile read(Path file) throws IOException {
    return parse(Files.readString(file));
  }

  /**
   * Reads the form of {@link #toJson()}.
   *
   * @throws IllegalArgumentException naming the field that is missing or out of range
   */
  public static CostProfile parse(String json) {
    JsonNode root;
    try {
      root = new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw new IllegalArgumentException("a cost profile is a JSON object: " + e.getOriginalMessage(), e);
    }
    SortedMap<Integer, Rates> rates = new TreeMap<>();
    JsonNode degrees = root.path("nanoseconds");
    degrees.fields().forEachRemaining(entry -> {
      if (!entry.getKey().matches("[0-9]{1,2}")) {
        throw new IllegalArgumentException("nanoseconds has the key '" + entry.getKey() + "', needs log2 of a ring degree");
      }
      double[] values = new double[Rates.NAMES.length];
      for (int i = 0; i < values.length; i++) {
        JsonNode value = entry.getValue().path(Rates.NAMES[i]);
        if (!value.isNumber()) {
          throw new IllegalArgumentException("nanoseconds." + entry.getKey() + "." + Rates.NAMES[i] + " is no number");
        }
        values[i] = value.asDouble();
      }
      rates.put(Integer.parseInt(entry.getKey()), Rates.of(values));
    });
    if (!root.path("start").isNumber()) {
      throw new IllegalArgumentException("start is no number: nanoseconds of a run beside its operations");
    }
    return new CostProfile(root.path("name").asText(), root.path("processor").asText(), root.path("kernels").asText(),
        root.path("threads").asInt(), rates, root.path("start").asDouble());
  }

  /** Returns the profile as JSON: name, processor, kernels, threads, start, and nanoseconds by log2 of the ring degree. */
  public String toJson() {
    Map<String, Object> root = new LinkedHashMap<>();
    root.put("name", name);
    root.put("processor", processor);
    root.put("kernels", kernels);
    root.put("threads", threads);
    root.put("start", rounded(start));
    Map<String, Object> degrees = new LinkedHashMap<>();
    rates.forEach((degree, each) -> {
      Map<String, Object> values = new LinkedHashMap<>();
      double[] array = each.toArray();
      for (int i = 0; i < array.length; i++) {
        values.put(Rates.NAMES[i], rounded(array[i]));
      }
      degrees.put(degree.toString(), values);
    });
    root.put("nanoseconds", degrees);
    try {
      return new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(root) + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a map of numbers and strings is always JSON", e);
    }
  }

  private static double rounded(double value) {
    return Double.parseDouble(String.format(Locale.ROOT, "%.4g", value));
  }

  /** Returns the SHA-256 of {@link #toJson()} in 64 hexadecimal digits. */
  public String sha256() {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(toJson().getBytes(StandardCharsets.UTF_8)));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
