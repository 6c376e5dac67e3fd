// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import dev.tacet.he.internal.Engine;
import dev.tacet.he.internal.NativeLoader;
import java.nio.file.Path;

/**
 * The native engine, libtacet. It is loaded on first use: from {@code -Dtacet.native.path} or {@code TACET_NATIVE_PATH} when one
 * is set, else from the jar, unpacked into {@code -Dtacet.native.dir} (default: {@code tacet-USER} in the temporary directory).
 */
public final class NativeLibrary {
  private NativeLibrary() {}

  /**
   * Loads the library now, rather than on first use.
   *
   * @return the file it was loaded from
   * @throws IllegalStateException if it cannot be loaded; the message says what was tried and what to set
   */
  public static Path load() {
    return NativeLoader.load();
  }

  /** Returns whether the library can be loaded here; it is, if so. What has a second way without the engine asks this. */
  public static boolean isAvailable() {
    return Platform.HAS_ENGINE;
  }

  /** Asked once. */
  private static final class Platform {
    static final boolean HAS_ENGINE = hasEngine();

    private static boolean hasEngine() {
      try {
        NativeLoader.load();
        return true;
      } catch (IllegalStateException none) {
        return false;
      }
    }
  }

  /**
   * Returns the name of the kernel table in use, such as {@code scalar}. The environment variable {@code TACET_KERNELS} forces one.
   *
   * @throws IllegalStateException if the library cannot be loaded
   */
  public static String kernels() {
    return Engine.kernels();
  }

  /** Returns the version of this library, {@code development} when it runs from class files. */
  public static String version() {
    String version = NativeLibrary.class.getPackage().getImplementationVersion();
    return version == null ? "development" : version;
  }
}
