// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli.internal.blind;

import java.lang.ref.Reference;
import java.nio.ByteBuffer;

/** A child process of a test: holds a planted needle on its heap and in native memory, says so, waits for its end. */
final class PlantedChild {
  private PlantedChild() {}

  public static void main(String[] arguments) throws Exception {
    byte[] heap = Needle.plantedBytes(arguments[0], "heap");
    byte[] bytes = Needle.plantedBytes(arguments[0], "native");
    ByteBuffer direct = ByteBuffer.allocateDirect(4096).put(100, bytes);
    java.util.Arrays.fill(bytes, (byte) 0);
    System.out.println("listening on http://127.0.0.1:1");
    System.in.read();
    Reference.reachabilityFence(heap);
    Reference.reachabilityFence(direct);
  }
}
