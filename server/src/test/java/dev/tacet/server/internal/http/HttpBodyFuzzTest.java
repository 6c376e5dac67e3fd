// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server.internal.http;

import com.code_intelligence.jazzer.junit.FuzzTest;
import dev.tacet.protocol.ServiceException;
import dev.tacet.server.internal.calls.ByteTensor;
import dev.tacet.server.internal.observe.Origin;
import io.opentelemetry.context.Context;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * Whatever a REST request carries, it is read or refused with a row of the error table. Without JAZZER_FUZZ each target runs on the
 * inputs kept beside it; {@code .ci/fuzz} searches.
 */
class HttpBodyFuzzTest {
  /** The first two bytes are the length of the head, the rest is the body. */
  @FuzzTest(maxDuration = "10s")
  void inferences(byte[] bytes) {
    if (bytes.length < 2) {
      return;
    }
    int length = Byte.toUnsignedInt(bytes[0]) << 8 | Byte.toUnsignedInt(bytes[1]);
    try {
      OpenInferenceBody.read(Arrays.copyOfRange(bytes, 2, bytes.length), Optional.of(Integer.toString(length)))
          .request("client", new Origin("id", Context.root()), "model", "1");
    } catch (ServiceException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void headers(byte[] bytes) {
    String text = new String(bytes, StandardCharsets.ISO_8859_1);
    if (!Origin.idOf(text).matches("[A-Za-z0-9._-]{1,64}")) {
      throw new AssertionError("an id that is none");
    }
    try {
      OpenInferenceBody.read(new byte[4], Optional.of(text));
    } catch (ServiceException e) {
      return;
    }
  }

  @FuzzTest(maxDuration = "10s")
  void questions(byte[] bytes) {
    try {
      OpenInferenceBody.readyOnly(bytes);
      OpenInferenceBody.parameterNames(bytes);
    } catch (ServiceException e) {
      return;
    }
  }

  /** The first byte is the number of elements that the shape claims. */
  @FuzzTest(maxDuration = "10s")
  void tensors(byte[] bytes) {
    if (bytes.length == 0) {
      return;
    }
    try {
      ByteTensor.split(ByteBuffer.wrap(bytes, 1, bytes.length - 1), bytes[0]);
    } catch (ServiceException e) {
      return;
    }
  }
}
