// SPDX-License-Identifier: Apache-2.0
package dev.tacet.client;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ClientArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.tacet.client");

  @Test
  void theClientCarriesNoServerLibrary() {
    noClasses().should().dependOnClassesThat()
        .resideInAnyPackage("dev.tacet.server..", "dev.tacet.compiler..", "com.linecorp..", "io.netty..")
        .check(CLASSES);
  }

  @Test
  void protobufAndGrpcStayInTheRpcEdge() {
    noClasses().that().haveSimpleNameNotStartingWith("Host").should().dependOnClassesThat()
        .resideInAnyPackage("com.google.protobuf..", "io.grpc..", "dev.tacet.protocol.v1..")
        .check(CLASSES);
  }

  @Test
  void logsGoThroughSlf4jOnly() {
    noClasses().should().dependOnClassesThat()
        .resideInAnyPackage("java.util.logging..", "ch.qos.logback..", "org.apache.logging..")
        .check(CLASSES);
  }

  @Test
  void secretKeyBytesAreHandledInTheKeyRingOnly() {
    classes().that().haveSimpleName("SecretKeyAccess").should().onlyHaveDependentClassesThat()
        .haveSimpleName("KeyRingFiles").allowEmptyShould(true).check(CLASSES);
    noClasses().that().doNotHaveSimpleName("KeyRingFiles").should().dependOnClassesThat()
        .haveFullyQualifiedName("dev.tacet.he.secret.SecretKeyAccess").check(CLASSES);
  }

  @Test
  void noPublicSignatureShowsProtocolTypesOrInternals() {
    List<String> leaks = new ArrayList<>();
    for (JavaClass owner : CLASSES) {
      if (!owner.getPackageName().equals("dev.tacet.client") || !isPublic(owner.getModifiers())) {
        continue;
      }
      for (JavaMethod method : owner.getMethods()) {
        if (!isPublic(method.getModifiers())) {
          continue;
        }
        List<JavaClass> types = new ArrayList<>(method.getRawParameterTypes());
        types.add(method.getRawReturnType());
        for (JavaClass type : types) {
          String name = type.getBaseComponentType().getName();
          if (Set.of("com.google.", "io.grpc.", "dev.tacet.protocol.", "dev.tacet.client.internal.").stream()
              .anyMatch(name::startsWith)) {
            leaks.add(method.getFullName() + " shows " + name);
          }
        }
      }
    }
    assertEquals(List.of(), leaks);
  }

  private static boolean isPublic(Set<JavaModifier> modifiers) {
    return modifiers.contains(JavaModifier.PUBLIC);
  }
}
