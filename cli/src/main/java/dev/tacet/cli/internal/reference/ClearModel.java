// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.reference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.platform.Fp16Conversions;
import com.sun.jna.Library;
import com.sun.jna.Native;
import dev.tacet.cli.internal.CliException;
import dev.tacet.cli.internal.Failures;
import dev.tacet.cli.internal.rows.OutputTable;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The model in the clear, as onnxruntime computes it: an opinion that shares no code with the compiler.
 *
 * <p>Telemetry is off: the version in use has no telemetry client on Linux and macOS, the variable that switches it off in
 * later versions is set before the library is loaded, and the environment's own switch is turned before the first session
 * is made. Rows are run one at a time; a fixed batch dimension
 * larger than one is filled with copies of the row.
 */
public final class ClearModel implements AutoCloseable {
  private static final int MOST_SAMPLES = 500;

  private final OrtEnvironment environment;
  private final OrtSession session;
  private final List<Feed> feeds = new ArrayList<>();
  private final int features;

  /** One input: its name, element type, full shape and the features it takes from the flat row. */
  private record Feed(String name, OnnxJavaType type, long[] shape, int batch, int features) {}

  private ClearModel(OrtEnvironment environment, OrtSession session) throws OrtException {
    this.environment = environment;
    this.session = session;
    int total = 0;
    for (NodeInfo input : session.getInputInfo().values()) {
      Feed feed = feed(input);
      feeds.add(feed);
      total += feed.features();
    }
    this.features = total;
  }

  /** What of the C library is called: the library reads this process's own environment, which Java cannot change. */
  private interface CLibrary extends Library {
    int setenv(String name, String value, int overwrite);
  }

  private static final boolean SILENCED = silence();

  private static boolean silence() {
    try {
      CLibrary library = Native.load("c", CLibrary.class);
      return library.setenv("ORT_DISABLE_TELEMETRY", "1", 1) == 0 & library.setenv("ORT_TELEMETRY_DISABLED", "1", 1) == 0;
    } catch (LinkageError e) {
      return false;
    }
  }

  /** Whether the environment variables that keep later versions silent could be set. */
  static boolean silenced() {
    return SILENCED;
  }

  /**
   * Loads onnxruntime, which unpacks its library into the temporary folder, and returns its version.
   *
   * @throws CliException if it cannot be loaded: the folder cannot be written, or holds no executable files
   */
  public static String version() {
    return environment().getVersion();
  }

  private static OrtEnvironment environment() {
    try {
      OrtEnvironment environment = OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, "tacet");
      environment.setTelemetry(false);
      return environment;
    } catch (LinkageError | OrtException e) {
      throw new CliException(
          CliException.FAILED,
          "onnxruntime, with which answers are compared, cannot be loaded: " + Failures.rootMessage(e),
          "It unpacks its library into the temporary folder, " + System.getProperty("java.io.tmpdir") + ": set"
              + " TACET_JAVA_OPTS=-Djava.io.tmpdir=FOLDER to one that can be written and may hold executable files (not mounted noexec).",
          e);
    }
  }

  /**
   * Loads an ONNX file.
   *
   * @throws CliException if onnxruntime refuses it, or cannot be loaded itself
   */
  public static ClearModel load(Path file) {
    OrtEnvironment environment = environment();
    try {
      try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
        options.setIntraOpNumThreads(1);
        options.setInterOpNumThreads(1);
        options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL); // what it logs beside stands in the exception
        return new ClearModel(environment, environment.createSession(file.toString(), options));
      }
    } catch (OrtException e) {
      boolean lacking = e.getCode() == OrtException.OrtErrorCode.ORT_NOT_IMPLEMENTED;
      throw new CliException(
          CliException.FAILED,
          "onnxruntime cannot load " + file + ": " + firstLine(e),
          lacking ? "onnxruntime, which answers are compared with, lacks this operator for the file's element type: export the model in float32, or"
              + " use check, explain and compile, which do without it."
              : "Check the file with 'python -m onnx.checker' or export it again.",
          e);
    }
  }

  /** How many features a row has, over all inputs. */
  public int features() {
    return features;
  }

  /** The outputs of every row; a ZipMap's map becomes its values in key order. */
  public OutputTable run(double[][] rows) {
    OutputTable table = new OutputTable();
    for (double[] row : rows) {
      table.add(run(row));
    }
    return table;
  }

  /** The outputs of the first of the sample rows, a few hundred: enough for the ranges of their numbers. */
  public OutputTable runSamples(List<double[]> rows) {
    return run(rows.subList(0, Math.min(MOST_SAMPLES, rows.size())).toArray(double[][]::new));
  }

  /** The outputs of one row of {@link #features()} numbers. */
  public Map<String, List<Object>> run(double[] row) {
    if (row.length != features) {
      throw CliException.usage(
          "a row has " + row.length + " features, the model takes " + features, "Keep the model's input order.");
    }
    Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
    try {
      int at = 0;
      int batch = 1;
      for (Feed feed : feeds) {
        inputs.put(feed.name(), tensor(feed, row, at));
        batch = Math.max(batch, feed.batch());
        at += feed.features();
      }
      try (OrtSession.Result result = session.run(inputs)) {
        Map<String, List<Object>> outputs = new LinkedHashMap<>();
        for (Map.Entry<String, OnnxValue> output : result) {
          outputs.put(output.getKey(), values(output.getValue(), batch));
        }
        return outputs;
      }
    } catch (OrtException e) {
      throw new CliException(
          CliException.FAILED, "onnxruntime cannot run the model: " + firstLine(e), "Check how the model was exported.", e);
    } finally {
      inputs.values().forEach(OnnxTensorLike::close);
    }
  }

  @Override
  public void close() {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Feed feed(NodeInfo input) {
    if (!(input.getInfo() instanceof TensorInfo info)) {
      throw CliException.failed(
          "input " + input.getName() + " is not a tensor", "Export the model with one tensor of features as its input.");
    }
    long[] shape = info.getShape().clone();
    int batch = 1;
    if (shape.length > 1) {
      batch = (int) Math.max(1, shape[0]);
    }
    int count = 1;
    for (int d = 0; d < shape.length; d++) {
      if (shape[d] <= 0) {
        shape[d] = 1;
      }
      if (d > 0 || shape.length == 1) {
        count = Math.multiplyExact(count, Math.toIntExact(shape[d]));
      }
    }
    return new Feed(input.getName(), info.type, shape, batch, count);
  }

  private OnnxTensor tensor(Feed feed, double[] row, int at) throws OrtException {
    int count = feed.features() * feed.batch();
    switch (feed.type()) {
      case FLOAT: {
        FloatBuffer data = FloatBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
          data.put(i, (float) row[at + i % feed.features()]);
        }
        return OnnxTensor.createTensor(environment, data, feed.shape());
      }
      case FLOAT16, BFLOAT16: {
        FloatBuffer data = FloatBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
          data.put(i, (float) row[at + i % feed.features()]);
        }
        ShortBuffer halves = feed.type() == OnnxJavaType.FLOAT16
            ? Fp16Conversions.convertFloatBufferToFp16Buffer(data) : Fp16Conversions.convertFloatBufferToBf16Buffer(data);
        return OnnxTensor.createTensor(environment, halves, feed.shape(), feed.type());
      }
      case DOUBLE: {
        DoubleBuffer data = DoubleBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
          data.put(i, row[at + i % feed.features()]);
        }
        return OnnxTensor.createTensor(environment, data, feed.shape());
      }
      case INT64: {
        LongBuffer data = LongBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
          data.put(i, Math.round(row[at + i % feed.features()]));
        }
        return OnnxTensor.createTensor(environment, data, feed.shape());
      }
      case INT32: {
        IntBuffer data = IntBuffer.allocate(count);
        for (int i = 0; i < count; i++) {
          data.put(i, (int) Math.round(row[at + i % feed.features()]));
        }
        return OnnxTensor.createTensor(environment, data, feed.shape());
      }
      default:
        throw CliException.failed(
            "input " + feed.name() + " has elements of type " + feed.type(), "Export the model with float inputs.");
    }
  }

  private static List<Object> values(OnnxValue value, int batch) throws OrtException {
    List<Object> values = new ArrayList<>();
    if (value instanceof OnnxTensor tensor) {
      flatten(tensor.getValue(), values);
      return values.size() > 1 && values.size() % batch == 0 ? values.subList(0, values.size() / batch) : values;
    }
    if (value instanceof OnnxSequence sequence) {
      List<? extends OnnxValue> elements = sequence.getValue();
      if (!elements.isEmpty()) {
        values.addAll(values(elements.get(0), 1));
      }
      elements.forEach(OnnxValue::close);
      return values;
    }
    if (value instanceof OnnxMap map) {
      map.getValue().entrySet().stream()
          .sorted((a, b) -> compareKeys(a.getKey(), b.getKey()))
          .forEach(entry -> flatten(entry.getValue(), values));
      return values;
    }
    throw CliException.failed(
        "an output of kind " + value.getInfo() + " cannot be compared", "Export the model with tensor outputs.");
  }

  private static int compareKeys(Object a, Object b) {
    if (a instanceof Number x && b instanceof Number y) {
      return Long.compare(x.longValue(), y.longValue());
    }
    return a.toString().compareTo(b.toString());
  }

  /** Appends scalars as Double, Long or String; arrays row-major. */
  private static void flatten(Object value, List<Object> into) {
    if (value instanceof Object[] array) {
      for (Object element : array) {
        flatten(element, into);
      }
    } else if (value != null && value.getClass().isArray()) {
      for (int i = 0; i < java.lang.reflect.Array.getLength(value); i++) {
        flatten(java.lang.reflect.Array.get(value, i), into);
      }
    } else if (value instanceof Float || value instanceof Double) {
      into.add(((Number) value).doubleValue());
    } else if (value instanceof Number number) {
      into.add(number.longValue());
    } else if (value instanceof Boolean bool) {
      into.add(bool ? 1L : 0L);
    } else {
      into.add(String.valueOf(value));
    }
  }

  private static String firstLine(OrtException e) {
    String text = String.valueOf(e.getMessage());
    int end = text.indexOf('\n');
    return (end < 0 ? text : text.substring(0, end)).replaceFirst("^Error code - \\w+ - message: ", "");
  }
}
