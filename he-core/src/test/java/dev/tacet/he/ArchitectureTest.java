// SPDX-License-Identifier: Apache-2.0
package dev.tacet.he;

import static com.tngtech.archunit.core.domain.JavaModifier.NATIVE;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.methods;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/** Where the native boundary and the secret key may be. */
final class ArchitectureTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter().withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.tacet.he");

  @Test
  void onlyTheInternalPackageHasNativeMethods() {
    methods().that().haveModifier(NATIVE).should().beDeclaredIn("dev.tacet.he.internal.Native").check(CLASSES);
  }

  @Test
  void onlyTheEngineTheLoaderAndTheHandleCallNativeMethods() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.tacet.he.internal")
        .should()
        .dependOnClassesThat()
        .haveFullyQualifiedName("dev.tacet.he.internal.Native")
        .check(CLASSES);
  }

  @Test
  void nothingOutsideTheSecretPackageKnowsSecretKeys() {
    noClasses()
        .that()
        .resideOutsideOfPackage("dev.tacet.he.secret")
        .should()
        .dependOnClassesThat()
        .resideInAPackage("dev.tacet.he.secret")
        .check(CLASSES);
  }
}
