// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.lower;

import dev.tacet.compiler.internal.ir.BinaryFunction;
import dev.tacet.compiler.internal.ir.LinearForm;
import dev.tacet.compiler.internal.ir.MatrixBuilder;
import dev.tacet.compiler.internal.ir.Univariate;
import dev.tacet.compiler.internal.onnx.Shapes;
import java.util.Arrays;
import java.util.List;
import java.util.Map;

/** Sums and means along axes, and of several tensors. */
final class SumOps {
  private SumOps() {}

  static void register(Map<String, Handler> handlers) {
    handlers.put("ReduceSum", call -> reduce(call, call.required(0), false));
    handlers.put("ReduceMean", call -> reduce(call, call.required(0), true));
    handlers.put("ReduceSumSquare", call -> reduce(call, squared(call), false));
    handlers.put("ReduceProd", SumOps::product);
    handlers.put("Mean", SumOps::mean);
  }

  private static Symbol squared(Handler.Call call) {
    return UnaryOps.apply(call, BinaryOps.binary(BinaryFunction.POW, Univariate.X, new Univariate.Constant(2)));
  }

  private static List<Symbol> reduce(Handler.Call call, Symbol x, boolean mean) {
    Groups groups = Groups.of(call, "axes", 1);
    MatrixBuilder matrix = new MatrixBuilder(Shapes.size(x.shape()), groups.order().length);
    for (int g = 0; g < groups.count(); g++) {
      int[] group = Arrays.copyOfRange(groups.order(), g * groups.size(), (g + 1) * groups.size());
      Arrays.sort(group);
      for (int element : group) {
        matrix.add(element, mean ? 1.0 / groups.size() : 1);
      }
      matrix.endRow();
    }
    LinearForm form = call.scope().form(x).mapped(matrix.build());
    return List.of(call.scope().symbol(groups.reducedShape(), form, call.node().label()));
  }

  /** Of constants only, as the number of elements that a variance is divided by. */
  private static List<Symbol> product(Handler.Call call) {
    if (!(call.required(0) instanceof Symbol.Known known)) {
      throw new Refusal("a product of encrypted values along an axis is not compiled",
          "multiply them with Mul, or do it before encryption or after decryption");
    }
    Groups groups = Groups.of(call, "axes", 1);
    double[] products = new double[groups.count()];
    Arrays.fill(products, 1);
    for (int i = 0; i < groups.order().length; i++) {
      products[i / groups.size()] *= known.tensor().number(groups.order()[i]);
    }
    return List.of(call.scope().symbol(groups.reducedShape(), LinearForm.constant(products), call.node().label()));
  }

  private static List<Symbol> mean(Handler.Call call) {
    int[] shape = call.required(0).shape();
    for (int i = 1; i < call.inputs().size(); i++) {
      shape = Shapes.broadcast(shape, call.required(i).shape());
    }
    LinearForm sum = LinearForm.constant(new double[Shapes.size(shape)]);
    for (int i = 0; i < call.inputs().size(); i++) {
      sum = sum.plus(call.scope().form(BinaryOps.spread(call, call.required(i), shape)), 1.0 / call.inputs().size());
    }
    return List.of(call.scope().symbol(shape, sum, call.node().label()));
  }
}
