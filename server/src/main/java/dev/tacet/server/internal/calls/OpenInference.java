// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.calls;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.tacet.protocol.ErrorCause;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.models.ServedModel;
import dev.tacet.server.internal.run.InferenceRunner;
import java.time.Duration;
import java.util.List;

/** What the gRPC and the REST form of the Open Inference Protocol say alike. */
public final class OpenInference {
  /** The host's name in its metadata. */
  public static final String SERVER = "tacet";

  /** Extensions of the protocol that are served. */
  public static final List<String> EXTENSIONS = List.of("binary_tensor_data", "model_repository", "parameters");

  /** Names of parameters of a request. */
  public static final String SIGNATURE = "signature_sha256";

  /** See {@link #SIGNATURE}. */
  public static final String KEY_SET = "key_set_id";

  /** See {@link #SIGNATURE}. */
  public static final String PARAMETERS = "parameter_hash";

  /** Whether the answer tells each layer's time. */
  public static final String LAYER_TIMES = "layer_times";

  /** Microseconds that the call may take. */
  public static final String TIMEOUT = "timeout";

  private OpenInference() {}

  /** Returns this software's version. */
  public static String version() {
    String version = OpenInference.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }

  /** Returns the platform of a model, which carries the hashes to where every client of the protocol sees them. */
  public static String platform(ServedModel model) {
    return "tacet_ckks " + SIGNATURE + "=" + model.signatureSha256() + " " + PARAMETERS + "=" + model.parameters().hashHex();
  }

  /** Returns the nanoseconds of each layer, in order, as a JSON list of objects with name and nanos. */
  public static String layerTimes(ServedModel model, InferenceRunner.Answer answer) {
    ArrayNode layers = JsonNodeFactory.instance.arrayNode();
    for (int i = 0; i < answer.layerNanos().length; i++) {
      layers.addObject().put("name", model.program().layers().get(i)).put("nanos", answer.layerNanos()[i]);
    }
    return layers.toString();
  }

  /**
   * Returns the shorter of a limit and the timeout parameter.
   *
   * @param micros 0 if there is none
   * @throws ServiceException INVALID_ARGUMENT if it is negative
   */
  public static Duration limit(long micros, Duration limit) {
    if (micros < 0) {
      throw new ServiceException(ErrorCause.INVALID_ARGUMENT, "timeout is " + micros + " microseconds, must not be negative");
    }
    Duration asked = Duration.ofMillis(Math.max(1, micros / 1000));
    return micros == 0 || asked.compareTo(limit) > 0 ? limit : asked;
  }
}
