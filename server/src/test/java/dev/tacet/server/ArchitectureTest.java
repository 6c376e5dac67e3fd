// SPDX-License-Identifier: Apache-2.0
package dev.tacet.server;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ArchitectureTest {
  private static JavaClasses classes;

  @BeforeAll
  static void read() {
    classes =
        new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            .importPackages("dev.tacet.server", "dev.tacet.compiler", "dev.tacet.protocol", "dev.tacet.he");
    for (String needed : new String[] {"dev.tacet.server.TacetServer", "dev.tacet.compiler.ModelDescription"}) {
      assertTrue(classes.contain(needed), needed);
    }
    assertTrue(classes.contain("dev.tacet.he.secret.SecretKey"), "the rules below would hold vacuously");
  }

  @Test
  void serverAndCompilerNeverTouchASecretKey() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.tacet.server..", "dev.tacet.compiler..", "dev.tacet.protocol..")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.tacet.he.secret..")
        .check(classes);
  }

  @Test
  void protobufStaysInTheProtocolTheRpcEdgeAndTheOnnxImporter() {
    noClasses()
        .that()
        .resideOutsideOfPackages(
            "dev.tacet.protocol..", "dev.tacet.server.internal.rpc..", "dev.tacet.compiler.internal.onnx..", "onnx..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("com.google.protobuf..", "dev.tacet.protocol.v1..", "dev.tacet.protocol.inference..", "onnx..")
        .check(classes);
  }

  @Test
  void grpcAndArmeriaStayAtTheEdgeOfTheServer() {
    noClasses()
        .that()
        .resideInAnyPackage("dev.tacet.server.internal.keys..", "dev.tacet.server.internal.models..",
            "dev.tacet.server.internal.run..", "dev.tacet.server.internal.calls..", "dev.tacet.server.internal.tenants..",
            "dev.tacet.server.internal.identity..", "dev.tacet.server.internal.config..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("io.grpc..", "com.linecorp.armeria..", "io.netty..")
        .check(classes);
  }

  @Test
  void theServerDoesNotKnowTheClient() {
    noClasses()
        .that()
        .resideInAPackage("dev.tacet.server..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage("dev.tacet.client..", "dev.tacet.cli..")
        .check(classes);
  }
}
