// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.MalformedException;

/** A model file that is not a valid ONNX model: truncated, cyclic, out of range, or naming what is not there. */
public class MalformedModelException extends MalformedException {
  private static final long serialVersionUID = 1L;

  /**
   * Makes the exception.
   *
   * @param message what is wrong, with node or tensor name and numbers
   */
  public MalformedModelException(String message) {
    super(message);
  }

  /**
   * Makes the exception with its cause.
   *
   * @param message what is wrong, with node or tensor name and numbers
   * @param cause the failure underneath
   */
  public MalformedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
