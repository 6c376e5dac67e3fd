// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;

/** Certificates and keys for tests, made by the runtime's keytool, as PEM files. */
final class TestCertificates {
  private static final String PASSWORD = "changeit";
  private final Path folder;

  TestCertificates(Path folder) {
    this.folder = folder;
  }

  /**
   * A certificate with its key.
   *
   * @param chain PEM, the certificate and its issuers
   * @param key PEM, PKCS#8
   * @param store holds both under the alias "it"
   */
  record Pair(Path chain, Path key, Path store) {}

  /** Makes a self-signed certificate for 127.0.0.1; it may sign others. */
  Pair selfSigned(String name) throws Exception {
    Path store = folder.resolve(name + ".p12");
    generate(store, "CN=" + name);
    return export(name, store);
  }

  /** Makes a certificate for a subject that an authority signed. */
  Pair signedBy(Pair authority, String name, String subject) throws Exception {
    Path store = folder.resolve(name + ".p12");
    Path request = folder.resolve(name + ".csr");
    Path signed = folder.resolve(name + ".signed");
    generate(store, subject);
    keytool("-certreq", "-keystore", store.toString(), "-alias", "it", "-file", request.toString());
    keytool("-gencert", "-keystore", authority.store().toString(), "-alias", "it", "-infile", request.toString(),
        "-outfile", signed.toString(), "-validity", "2", "-rfc");
    keytool("-importcert", "-noprompt", "-keystore", store.toString(), "-alias", "authority", "-file", authority.chain().toString());
    keytool("-importcert", "-noprompt", "-keystore", store.toString(), "-alias", "it", "-file", signed.toString());
    return export(name, store);
  }

  private void generate(Path store, String subject) throws Exception {
    keytool("-genkeypair", "-alias", "it", "-keyalg", "EC", "-groupname", "secp256r1", "-dname", subject, "-ext",
        "SAN=ip:127.0.0.1", "-ext", "bc=ca:true", "-validity", "2", "-keystore", store.toString());
  }

  private static void keytool(String... arguments) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "keytool").toString());
    command.addAll(Arrays.asList(arguments));
    command.addAll(List.of("-storetype", "PKCS12", "-storepass", PASSWORD));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes());
    if (process.waitFor() != 0) {
      throw new IOException(command + ": " + output);
    }
  }

  private Pair export(String name, Path store) throws Exception {
    KeyStore keys = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(store)) {
      keys.load(in, PASSWORD.toCharArray());
    }
    StringBuilder chain = new StringBuilder();
    for (Certificate certificate : keys.getCertificateChain("it")) {
      chain.append(pem("CERTIFICATE", certificate.getEncoded()));
    }
    return new Pair(
        Files.writeString(folder.resolve(name + ".crt"), chain),
        Files.writeString(folder.resolve(name + ".key"), pem("PRIVATE KEY", keys.getKey("it", PASSWORD.toCharArray()).getEncoded())),
        store);
  }

  private static String pem(String kind, byte[] der) {
    return "-----BEGIN " + kind + "-----\n" + Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der) + "\n-----END "
        + kind + "-----\n";
  }
}
