// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import java.util.Map;

/** What to say about operators that are known, but do not run. */
final class Rewrites {
  private static final Map<String, String[]> KNOWN = Map.ofEntries(
      entry("ConvTranspose", "transposed convolutions are not compiled", "use Conv, or a dense layer on the flattened values"),
      entry("MaxPool", "a maximum over encrypted values is not compiled", "train with AveragePool or a strided Conv in its place"),
      entry("GlobalMaxPool", "a maximum over encrypted values is not compiled", "train with GlobalAveragePool in its place"),
      entry("LpPool", "a norm of encrypted values needs a root", "train with AveragePool in its place"),
      entry("LRN", "it divides by a norm of encrypted values", "train with batch normalisation, which folds away"),
      entry("LayerNormalization", "it divides by a norm of encrypted values", "train with batch normalisation, which folds away"),
      entry("InstanceNormalization", "it divides by a norm of encrypted values", "train with batch normalisation"),
      entry("GroupNormalization", "it divides by a norm of encrypted values", "train with batch normalisation"),
      entry("RMSNormalization", "it divides by a norm of encrypted values", "train with batch normalisation"),
      entry("Attention", "it multiplies encrypted matrices and takes a softmax inside", "use dense layers"),
      entry("LSTM", "recurrent layers are not compiled", "use dense layers over a fixed window"),
      entry("GRU", "recurrent layers are not compiled", "use dense layers over a fixed window"),
      entry("RNN", "recurrent layers are not compiled", "use dense layers over a fixed window"),
      entry("ReduceMax", "a maximum over encrypted values is not compiled", "end the model with it"),
      entry("ReduceMin", "a minimum over encrypted values is not compiled", "end the model with it"),
      entry("ReduceL1", "a sum of magnitudes of encrypted values is not compiled", "end the model with it, or normalise the rows before encryption"),
      entry("ReduceL2", "a norm of encrypted values needs a square root", "end the model with it, or normalise the rows before encryption"),
      entry("ai.onnx.ml.Normalizer", "a norm of encrypted values needs a division", "normalise the rows before encryption"),
      entry("ai.onnx.ml.TreeEnsembleClassifier", "trees compare encrypted values",
          "train a linear model or an MLP on the same data"),
      entry("ai.onnx.ml.TreeEnsembleRegressor", "trees compare encrypted values",
          "train a linear model or an MLP on the same data"),
      entry("ai.onnx.ml.TreeEnsemble", "trees compare encrypted values", "train a linear model or an MLP on the same data"),
      entry("ai.onnx.ml.OneHotEncoder", "it compares encrypted values", "encode the categories before encryption"),
      entry("ai.onnx.ml.LabelEncoder", "it looks encrypted values up in a table", "encode the categories before encryption"),
      entry("OneHot", "it compares encrypted values", "encode the categories before encryption"),
      entry("Softmax", "a softmax of encrypted values needs a division", "use an element-wise activation in its place"),
      entry("LogSoftmax", "a softmax of encrypted values needs a division", "use an element-wise activation in its place"),
      entry("ArgMax", "it compares encrypted values", "end the model with the scores"),
      entry("ArgMin", "it compares encrypted values", "end the model with the scores"),
      entry("LpNormalization", "a norm of encrypted values needs a division", "normalise the rows before encryption"),
      entry("TopK", "sorting encrypted values is not compiled", "return the scores and sort on the client"),
      entry("ai.onnx.ml.LinearClassifier", "its label and its probabilities are made on the client, where no layer follows",
          "end the model with them, or replace it by a Gemm whose scores the next layer takes"),
      entry("ai.onnx.ml.SVMClassifier", "its label and its probabilities are made on the client, where no layer follows",
          "end the model with them"),
      entry("If", "control flow on encrypted values is impossible", "export a model without branches"),
      entry("Loop", "control flow on encrypted values is impossible", "export a model without loops"),
      entry("Scan", "control flow on encrypted values is impossible", "export a model without loops"));

  private Rewrites() {}

  private static Map.Entry<String, String[]> entry(String type, String reason, String rewrite) {
    return Map.entry(type, new String[] {reason, rewrite});
  }

  static String reason(String type) {
    return KNOWN.containsKey(type) ? KNOWN.get(type)[0] : "the operator is not compiled";
  }

  static String rewrite(String type) {
    return KNOWN.containsKey(type) ? KNOWN.get(type)[1]
        : "express it by dense layers and element-wise activations, or do it before encryption or after decryption";
  }
}
