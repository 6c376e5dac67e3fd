// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler;

import dev.tacet.he.ModelArtifact;

/**
 * What the compiler made.
 *
 * @param artifact parameters, signature, program, provenance and report, as one artifact
 * @param report what it costs and how well it agrees with the clear model
 */
public record CompileResult(ModelArtifact artifact, CompileReport report) {}
