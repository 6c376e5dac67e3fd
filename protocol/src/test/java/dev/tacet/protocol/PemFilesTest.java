// SPDX-License-Identifier: Apache-2.0
package dev.tacet.protocol;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.function.Executable;

/** Certificates themselves are read by the tests of TLS, which make some. */
class PemFilesTest {
  @TempDir Path folder;

  private Path file(String text) throws Exception {
    return Files.writeString(folder.resolve("file.pem"), text);
  }

  private static String block(String kind, byte[] der) {
    return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END " + kind
        + "-----\n";
  }

  private PemException refused(Executable read) {
    PemException e = assertThrows(PemException.class, read);
    assertTrue(e.getMessage().contains(folder.toString()), e.getMessage());
    assertFalse(e.getMessage().contains("SECRET") || e.advice().contains("SECRET"), e.getMessage());
    return e;
  }

  @Test
  void whatIsNoCertificateIsSaidOfItsFile() throws Exception {
    for (String text : List.of("", "age,SECRET\n1,2\n", block("PRIVATE KEY", new byte[40]), block("CERTIFICATE", new byte[40]))) {
      Path pem = file(text);
      refused(() -> PemFiles.certificates(pem));
    }
    refused(() -> PemFiles.certificates(folder));
    assertTrue(refused(() -> PemFiles.certificates(folder.resolve("none"))).getMessage().startsWith("no such file: "));
  }

  @Test
  void keysOfEveryAlgorithmAreReadAndHeldAgainstTheirPublicKeys() throws Exception {
    for (String algorithm : List.of("EC", "Ed25519", "RSA")) {
      KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm);
      KeyPair pair = generator.generateKeyPair();
      Path pem = file("text before\n" + block("PRIVATE KEY", pair.getPrivate().getEncoded()));
      assertArrayEquals(pair.getPrivate().getEncoded(), PemFiles.privateKey(pem).getEncoded(), algorithm);
      assertDoesNotThrow(() -> PemFiles.requireTogether(folder, pair.getPublic(), pem, PemFiles.privateKey(pem)));
      KeyPair other = KeyPairGenerator.getInstance("EC").generateKeyPair();
      assertTrue(
          refused(() -> PemFiles.requireTogether(folder, other.getPublic(), pem, pair.getPrivate())).getMessage().contains("not that of"));
    }
  }

  @Test
  void whatIsNoKeyIsSaidOfItsFile() throws Exception {
    for (String text :
        List.of("", "SECRET", block("PRIVATE KEY", new byte[40]), "-----BEGIN PRIVATE KEY-----\nA\n-----END PRIVATE KEY-----\n",
            "-----BEGIN PRIVATE KEY-----\nSECRET")) {
      Path pem = file(text);
      refused(() -> PemFiles.privateKey(pem));
    }
    for (String kind : List.of("RSA PRIVATE KEY", "EC PRIVATE KEY", "ENCRYPTED PRIVATE KEY")) {
      PemException e = refused(() -> PemFiles.privateKey(file(block(kind, new byte[40]))));
      assertTrue(e.getMessage().contains(kind) && e.advice().contains("openssl pkcs8"), e.getMessage());
    }
    assertEquals(List.of(), List.of(folder.toFile().list((f, name) -> !name.equals("file.pem"))));
  }
}
