// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client.internal;

import dev.tacet.protocol.ErrorTable;
import java.io.IOException;
import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/** Java's check of a host's certificate; a refusal says which of its parts failed, for a person to act on. */
final class HostTrust extends X509ExtendedTrustManager {
  private static final int MOST_NAMES = 5;

  /** The kinds of names in a certificate that hosts are reached by (RFC 5280, GeneralName): DNS names and addresses. */
  private static final List<Integer> NAMES = List.of(2, 7);

  /** A host's certificate that was refused, with what to do. */
  static final class RefusedException extends CertificateException {
    private static final long serialVersionUID = 1L;

    private final String advice;

    RefusedException(String message, String advice, CertificateException cause) {
      super(ErrorTable.oneLine(message), cause);
      this.advice = advice;
    }

    String advice() {
      return advice;
    }
  }

  @FunctionalInterface
  private interface Check {
    void run() throws CertificateException;
  }

  private final X509ExtendedTrustManager java;

  private HostTrust(X509ExtendedTrustManager java) {
    this.java = java;
  }

  /** Trusts the platform's certificates. */
  static HostTrust platform() throws GeneralSecurityException {
    return new HostTrust(manager(null));
  }

  /** Trusts these certificates alone. */
  static HostTrust of(List<X509Certificate> trusted) throws GeneralSecurityException, IOException {
    KeyStore store = KeyStore.getInstance("PKCS12");
    store.load(null, null);
    for (int i = 0; i < trusted.size(); i++) {
      store.setCertificateEntry("trusted-" + i, trusted.get(i));
    }
    return new HostTrust(manager(store));
  }

  private static X509ExtendedTrustManager manager(KeyStore trusted) throws GeneralSecurityException {
    TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    factory.init(trusted);
    for (TrustManager manager : factory.getTrustManagers()) {
      if (manager instanceof X509ExtendedTrustManager extended) {
        return extended;
      }
    }
    throw new GeneralSecurityException("no trust manager of this Java checks names");
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
    explained(chain, type, () -> java.checkServerTrusted(chain, type, engine));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
    explained(chain, type, () -> java.checkServerTrusted(chain, type, socket));
  }

  @Override
  public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
    explained(chain, type, () -> java.checkServerTrusted(chain, type));
  }

  private void explained(X509Certificate[] chain, String type, Check check) throws CertificateException {
    try {
      check.run();
    } catch (CertificateException e) {
      throw refused(chain, type, e);
    }
  }

  private RefusedException refused(X509Certificate[] chain, String type, CertificateException why) {
    try {
      java.checkServerTrusted(chain, type); // the same without the name
      return new RefusedException(
          "the host's certificate is for other names than that of the address: " + names(chain[0]),
          "Use a name of the certificate in the address, or have a certificate issued for the address.", why);
    } catch (CertificateException e) {
      Date now = new Date();
      for (X509Certificate certificate : chain) {
        if (now.after(certificate.getNotAfter())) {
          return outOfDate(certificate, "expired on " + certificate.getNotAfter().toInstant(), why);
        }
        if (now.before(certificate.getNotBefore())) {
          return outOfDate(certificate, "is not valid before " + certificate.getNotBefore().toInstant(), why);
        }
      }
      return new RefusedException(
          "the host's certificate is not trusted: its issuer is " + chain[chain.length - 1].getIssuerX500Principal().getName(),
          "Name the file of the issuer's certificate as what to trust (--trust FILE), if this is the host that you mean.", why);
    }
  }

  private static RefusedException outOfDate(X509Certificate certificate, String when, CertificateException why) {
    return new RefusedException(
        "a certificate of the host, for " + certificate.getSubjectX500Principal().getName() + ", " + when,
        "The host's operator has to put a valid certificate in place; if it is valid, set this machine's clock.", why);
  }

  private static String names(X509Certificate certificate) {
    List<String> names = new ArrayList<>();
    try {
      Collection<List<?>> all = certificate.getSubjectAlternativeNames();
      for (List<?> name : all == null ? List.<List<?>>of() : all) {
        if (NAMES.contains(name.get(0))) {
          names.add(String.valueOf(name.get(1)));
        }
      }
    } catch (CertificateParsingException e) {
      names.clear();
    }
    if (names.isEmpty()) {
      return certificate.getSubjectX500Principal().getName();
    }
    return String.join(", ", names.subList(0, Math.min(MOST_NAMES, names.size()))) + (names.size() > MOST_NAMES ? ", ..." : "");
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) throws CertificateException {
    java.checkClientTrusted(chain, type, engine);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) throws CertificateException {
    java.checkClientTrusted(chain, type, socket);
  }

  @Override
  public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
    java.checkClientTrusted(chain, type);
  }

  @Override
  public X509Certificate[] getAcceptedIssuers() {
    return java.getAcceptedIssuers();
  }
}
