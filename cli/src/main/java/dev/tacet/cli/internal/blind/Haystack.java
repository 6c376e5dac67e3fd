// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import java.io.IOException;

/** Bytes to search in, read in order. */
interface Haystack extends AutoCloseable {
  /** What it is called where a hit is shown. */
  String name();

  /** The address or offset of its first byte. */
  long start();

  /** Reads up to {@code length} bytes into {@code buffer}; -1 at the end. */
  int read(byte[] buffer, int offset, int length) throws IOException;

  @Override
  default void close() throws IOException {}
}
