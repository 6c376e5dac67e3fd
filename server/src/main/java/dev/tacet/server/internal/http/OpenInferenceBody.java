// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.calls.ByteTensor;
import dev.tacet.server.internal.calls.InferenceRequest;
import dev.tacet.server.internal.calls.OpenInference;
import dev.tacet.server.internal.observe.Origin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * The body of an inference in the REST form: a JSON head, whose length a header gives, and the raw tensor behind it.
 *
 * @param id of the request, comes back in the answer; empty if there is none
 * @param timeoutMicros 0 if there is none
 * @param layerTimes whether the answer tells each layer's time
 */
record OpenInferenceBody(
    String id, long timeoutMicros, boolean layerTimes, String signatureSha256, String keySetId, Optional<String> parameterHash, List<ByteBuffer> ciphertexts) {
  static final String HEADER_LENGTH = "inference-header-content-length";

  private static final int MAX_HEAD_BYTES = 64 << 10;
  private static final ObjectMapper JSON =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(16).maxStringLength(MAX_HEAD_BYTES).build())
                  .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  /**
   * Reads a body.
   *
   * @param headLength the header's value
   * @throws ServiceException MALFORMED, INVALID_ARGUMENT, TOO_LARGE
   */
  static OpenInferenceBody read(byte[] body, Optional<String> headLength) {
    if (headLength.isEmpty()) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT,
          "ciphertexts are no JSON: send them by the binary extension, with the header Inference-Header-Content-Length");
    }
    if (!headLength.get().matches("[0-9]{1,9}") || Integer.parseInt(headLength.get()) > body.length) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "Inference-Header-Content-Length is not a length within the body of " + body.length + " bytes");
    }
    int length = Integer.parseInt(headLength.get());
    if (length > MAX_HEAD_BYTES) {
      throw new ServiceException(
          ErrorCause.TOO_LARGE, "the JSON head has " + length + " bytes, at most " + MAX_HEAD_BYTES + " are read");
    }
    JsonNode head = object(body, length);
    requireBinaryOutput(head);
    JsonNode parameters = head.path("parameters");
    return new OpenInferenceBody(
        text(head, "id").orElse(""), micros(parameters), flag(parameters, OpenInference.LAYER_TIMES), text(parameters, OpenInference.SIGNATURE).orElse(""),
        text(parameters, OpenInference.KEY_SET).orElse(""), text(parameters, OpenInference.PARAMETERS),
        ciphertexts(head.path("inputs"), ByteBuffer.wrap(body, length, body.length - length)));
  }

  /** Reads the body of a question for the index: whether only served versions are asked for; it may be empty. */
  static boolean readyOnly(byte[] body) {
    return body.length > 0 && object(body, body.length).path("ready").asBoolean(false);
  }

  /** Reads the body of a load or unload, which may be empty: the names of its parameters. */
  static Set<String> parameterNames(byte[] body) {
    Set<String> names = new TreeSet<>();
    if (body.length > 0) {
      object(body, body.length).path("parameters").fieldNames().forEachRemaining(names::add);
    }
    return names;
  }

  private static JsonNode object(byte[] bytes, int length) {
    JsonNode object;
    try {
      object = JSON.readTree(bytes, 0, length);
    } catch (IOException e) {
      throw new ServiceException(ErrorCause.MALFORMED, "what should be JSON is none");
    }
    if (object == null || !object.isObject()) {
      throw new ServiceException(ErrorCause.MALFORMED, "what should be a JSON object is none");
    }
    return object;
  }

  private static List<ByteBuffer> ciphertexts(JsonNode inputs, ByteBuffer raw) {
    if (!inputs.isArray() || inputs.size() != 1) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "a model takes one tensor, \"" + ByteTensor.NAME + "\"; the call has " + inputs.size());
    }
    JsonNode tensor = inputs.get(0);
    List<Long> shape = new ArrayList<>();
    for (JsonNode dimension : tensor.path("shape")) {
      shape.add(dimension.canConvertToLong() && dimension.isIntegralNumber() ? dimension.longValue() : -1);
    }
    ByteTensor.check(text(tensor, "name").orElse(""), text(tensor, "datatype").orElse(""), shape);
    JsonNode size = tensor.path("parameters").path("binary_data_size");
    if (!size.isIntegralNumber() || size.longValue() != raw.remaining()) {
      throw new ServiceException(
          ErrorCause.MALFORMED, "binary_data_size is not the " + raw.remaining() + " bytes behind the head");
    }
    return ByteTensor.split(raw, shape.get(0));
  }

  private static void requireBinaryOutput(JsonNode head) {
    boolean all = head.path("parameters").path("binary_data_output").asBoolean(false);
    JsonNode outputs = head.path("outputs");
    if (!outputs.isMissingNode() && !outputs.isArray()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "outputs must be a list of tensors");
    }
    List<String> names = new ArrayList<>();
    for (JsonNode output : outputs) {
      names.add(text(output, "name").orElse(""));
      all = output.path("parameters").path("binary_data").asBoolean(all);
    }
    ByteTensor.checkRequested(names);
    if (!all) {
      throw new ServiceException(
          ErrorCause.INVALID_ARGUMENT, "the answer is no JSON: ask for it with binary_data_output, or binary_data of the output");
    }
  }

  private static Optional<String> text(JsonNode node, String name) {
    JsonNode value = node.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    if (!value.isTextual()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, name + " must be a text");
    }
    return Optional.of(value.textValue());
  }

  private static boolean flag(JsonNode parameters, String name) {
    JsonNode value = parameters.path(name);
    if (!value.isMissingNode() && !value.isBoolean()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, name + " must be true or false");
    }
    return value.asBoolean(false);
  }

  private static long micros(JsonNode parameters) {
    JsonNode timeout = parameters.path(OpenInference.TIMEOUT);
    if (timeout.isMissingNode()) {
      return 0;
    }
    if (!timeout.isIntegralNumber() || !timeout.canConvertToLong()) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "timeout must be a whole number of microseconds");
    }
    return timeout.longValue();
  }

  /** Returns a client's request for a model, which the path names. */
  InferenceRequest request(String client, Origin origin, String model, String version) {
    return new InferenceRequest(client, origin, model, version, signatureSha256, keySetId, parameterHash, ciphertexts);
  }
}
