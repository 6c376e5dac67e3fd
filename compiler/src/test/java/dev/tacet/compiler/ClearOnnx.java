// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The clear model as onnxruntime computes it, one row at a time. */
final class ClearOnnx implements AutoCloseable {
  private final OrtEnvironment environment = OrtEnvironment.getEnvironment();
  private final OrtSession session;

  ClearOnnx(Path model) throws OrtException {
    environment.setTelemetry(false);
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    session = environment.createSession(model.toString(), options);
  }

  ClearOnnx(byte[] model) throws OrtException {
    environment.setTelemetry(false);
    OrtSession.SessionOptions options = new OrtSession.SessionOptions();
    options.setIntraOpNumThreads(1);
    session = environment.createSession(model, options);
  }

  /** Returns the outputs of one row by name: numbers as Double, labels as Long or String. */
  Map<String, List<Object>> run(double[] row) throws OrtException {
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    int offset = 0;
    for (String name : session.getInputNames()) {
      TensorInfo info = (TensorInfo) session.getInputInfo().get(name).getInfo();
      long[] shape = info.getShape();
      long batch = shape[0] > 0 ? shape[0] : 1;
      shape[0] = batch;
      int features = 1;
      for (int i = 1; i < shape.length; i++) {
        features *= (int) shape[i];
      }
      double[] part = new double[(int) batch * features];
      for (int b = 0; b < batch; b++) {
        System.arraycopy(row, offset, part, b * features, features);
      }
      offset += features;
      inputs.put(name, tensor(info.type, part, shape));
    }
    try (OrtSession.Result result = session.run(inputs)) {
      Map<String, List<Object>> outputs = new LinkedHashMap<>();
      for (Map.Entry<String, OnnxValue> entry : result) {
        List<Object> values = new ArrayList<>();
        flatten(entry.getValue() instanceof OnnxSequence sequence ? sequence.getValue().get(0) : entry.getValue().getValue(),
            values);
        outputs.put(entry.getKey(), values);
      }
      return outputs;
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(OnnxJavaType type, double[] values, long[] shape) throws OrtException {
    if (type == OnnxJavaType.DOUBLE) {
      return OnnxTensor.createTensor(environment, DoubleBuffer.wrap(values), shape);
    }
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return OnnxTensor.createTensor(environment, FloatBuffer.wrap(floats), shape);
  }

  private static void flatten(Object value, List<Object> into) throws OrtException {
    if (value instanceof OnnxMap map) {
      new java.util.TreeMap<>(map.getValue()).values().forEach(v -> into.add(((Number) v).doubleValue()));
    } else if (value instanceof float[] floats) {
      for (float v : floats) {
        into.add((double) v);
      }
    } else if (value instanceof double[] doubles) {
      Arrays.stream(doubles).forEach(into::add);
    } else if (value instanceof long[] longs) {
      Arrays.stream(longs).forEach(into::add);
    } else if (value instanceof Object[] array) {
      for (Object element : array) {
        flatten(element, into);
        if (!(element instanceof String)) {
          break;
        }
      }
    } else {
      into.add(value);
    }
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
