// SPDX-License-Identifier: Apache-2.0
package dev.tacet.cli;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The boundaries of the house: a module uses only modules above it, and foreign types stay at the edges. */
class HouseTest {
  private static final JavaClasses HOUSE =
      new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.tacet");

  @Test
  void aModuleUsesOnlyModulesAboveIt() {
    forbid("dev.tacet.he..", "dev.tacet.compiler..", "dev.tacet.protocol..", "dev.tacet.server..", "dev.tacet.client..",
        "dev.tacet.cli..");
    forbid("dev.tacet.compiler..", "dev.tacet.protocol..", "dev.tacet.server..", "dev.tacet.client..", "dev.tacet.cli..");
    forbid("dev.tacet.protocol..", "dev.tacet.compiler..", "dev.tacet.server..", "dev.tacet.client..", "dev.tacet.cli..");
    forbid("dev.tacet.server..", "dev.tacet.client..", "dev.tacet.cli..");
    forbid("dev.tacet.client..", "dev.tacet.server..", "dev.tacet.compiler..", "dev.tacet.cli..");
  }

  @Test
  void serverAndCompilerKnowNoSecretKey() {
    forbid("dev.tacet.server..", "dev.tacet.he.secret..");
    forbid("dev.tacet.compiler..", "dev.tacet.he.secret..");
    forbid("dev.tacet.protocol..", "dev.tacet.he.secret..");
  }

  @Test
  void protobufStaysInTheProtocolTheRpcEdgesAndTheOnnxImporter() {
    noClasses()
        .that().resideOutsideOfPackages("dev.tacet.protocol..", "dev.tacet.server.internal..", "dev.tacet.compiler.internal.onnx..", "onnx..")
        .and().haveSimpleNameNotStartingWith("Host")
        .should().dependOnClassesThat().resideInAnyPackage("com.google.protobuf..", "dev.tacet.protocol.v1..", "dev.tacet.protocol.inference..")
        .check(HOUSE);
  }

  @Test
  void onnxruntimeStaysInTheCommandLine() {
    noClasses().that().resideOutsideOfPackage("dev.tacet.cli..")
        .should().dependOnClassesThat().resideInAPackage("ai.onnxruntime..").check(HOUSE);
  }

  @Test
  void oneModulesInternalsAreNotAnothers() {
    for (String module : List.of("compiler", "server", "client", "cli")) {
      noClasses().that().resideOutsideOfPackage("dev.tacet." + module + "..")
          .should().dependOnClassesThat().resideInAPackage("dev.tacet." + module + ".internal..").check(HOUSE);
    }
  }

  @Test
  void noPublicSignatureOfTheApiShowsForeignTypes() {
    List<String> leaks = new ArrayList<>();
    for (JavaClass owner : HOUSE) {
      String home = owner.getPackageName();
      boolean api = home.equals("dev.tacet.he") || home.equals("dev.tacet.he.secret") || home.equals("dev.tacet.client");
      if (!api || !owner.getModifiers().contains(JavaModifier.PUBLIC)) {
        continue;
      }
      for (JavaCodeUnit unit : owner.getCodeUnits()) {
        if (unit.getModifiers().contains(JavaModifier.PUBLIC)) {
          Stream.concat(unit.getRawParameterTypes().stream(), Stream.of(unit.getRawReturnType()))
              .map(type -> type.getBaseComponentType().getName())
              .filter(name -> Stream.of("com.google.", "io.grpc.", "io.netty.", "com.linecorp.").anyMatch(name::startsWith))
              .forEach(name -> leaks.add(unit.getFullName() + " shows " + name));
        }
      }
    }
    assertEquals(List.of(), leaks);
  }

  private static void forbid(String from, String... to) {
    noClasses().that().resideInAPackage(from).should().dependOnClassesThat().resideInAnyPackage(to).check(HOUSE);
  }
}
