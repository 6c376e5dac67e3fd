// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.params;

import dev.tacet.he.Constant;
import dev.tacet.he.Diagonals;
import dev.tacet.he.Instruction;
import dev.tacet.he.Op;
import dev.tacet.he.Parameters;
import dev.tacet.he.Program;
import dev.tacet.he.ReferenceEvaluator;
import dev.tacet.he.RingType;
import dev.tacet.he.Scale;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;

/**
 * Noise of the size that the engine makes, drawn anew for each value of a program that {@link ReferenceEvaluator} runs: what
 * {@link NoiseModel} says of single operations, while the program itself carries it on.
 *
 * <p>A run keeps one period of a value. Noise is of two kinds: what differs between the copies of a period (keys, rounding of
 * ciphertexts), and what does not (the rounding of encoded constants). A linear map reads all copies of its argument alike, whatever
 * period its result has; so the mean of a result's copies carries the mean of what was added to the argument's copies, however many
 * those were.
 *
 * <p>Rounding errors reach a slot multiplied by the secret key's value in that slot. Where a row has few copies, or one slot, its
 * errors are larger or smaller than others' for all the life of a key, and {@code uneven} draws such a factor for each slot; means of
 * {@link #EVEN_COPIES} copies have none.
 */
public final class ProgramNoise implements ReferenceEvaluator.Disturbance {
  /** Of what the noise is drawn. */
  public enum Kind {
    /** Of each slot. */
    SLOTS,
    /** Of the mean of each element's copies. */
    MEANS
  }

  /** How rows are encrypted. */
  public enum Encryption {
    /** As clients do. */
    SECRET_KEY,
    /** As data providers do; much the noisier one. */
    PUBLIC_KEY
  }

  /** Copies of a row over the slots from which on the noise of their mean is as even as noise can be. */
  public static final int EVEN_COPIES = 8;

  private static final int TABLE = 1 << 16;
  private static final int MOST_ROWS = 1 << 10;
  private static final double[] NORMAL = normal(0x5eed);
  private static final double[] COMPLEX_SIZE = sizes(0x512e, true);
  private static final double[] REAL_SIZE = sizes(0x512e, false);

  private final Program program;
  private final Parameters parameters;
  private final List<Instruction> instructions;
  private final NoiseModel model;
  private final Kind kind;
  private final Encryption encryption;
  private final int leastPeriod;
  private final boolean uneven;
  private final int logRows;
  private final SplittableRandom random;
  private final int firstFactor;
  private final double[] factors;
  private final ConcurrentMap<Place, StepNoise> steps;

  /** A linear transform, and the length of what it gives. */
  private record Place(int id, int length) {}

  /**
   * What linear transforms of one place have in common in every run.
   *
   * @param deviations of the baby steps' noise, by slot of a period
   * @param giants the number of giant steps that take a rotation
   */
  private record StepNoise(double[] deviations, int giants) {}

  /**
   * Prepares the noise of one run or of several in turn.
   *
   * @param encryption of the rows
   * @param leastPeriod the least period that fresh ciphertexts' noise is kept for, a power of two
   * @param uneven whether slots differ in how large their noise is
   * @param seed of the noise
   */
  public ProgramNoise(Program program, Kind kind, Encryption encryption, int leastPeriod, boolean uneven, long seed) {
    this(program, new NoiseModel(program.parameters()), kind, encryption, leastPeriod, uneven, 1, new ConcurrentHashMap<>(), seed);
  }

  private ProgramNoise(Program program, NoiseModel model, Kind kind, Encryption encryption, int leastPeriod, boolean uneven, int rows,
      ConcurrentMap<Place, StepNoise> steps, long seed) {
    this.program = program;
    this.parameters = program.parameters();
    this.instructions = program.instructions();
    this.model = model;
    this.kind = kind;
    this.encryption = encryption;
    this.leastPeriod = leastPeriod;
    this.uneven = uneven;
    this.logRows = Integer.numberOfTrailingZeros(rows);
    this.random = new SplittableRandom(seed);
    this.firstFactor = random.nextInt(TABLE);
    this.factors = parameters.ringType() == RingType.STANDARD ? COMPLEX_SIZE : REAL_SIZE;
    this.steps = steps;
  }

  /**
   * Returns the same noise, drawn anew; may be used beside this one.
   *
   * @param rows that a run interleaves, a power of two, at most 1024
   */
  public ProgramNoise again(int rows, long seed) {
    if (rows < 1 || rows > MOST_ROWS || Integer.bitCount(rows) != 1) {
      throw new IllegalArgumentException(rows + " rows, must be a power of two up to " + MOST_ROWS);
    }
    return new ProgramNoise(program, model, kind, encryption, leastPeriod, uneven, rows, steps, seed);
  }

  /** Normal numbers; each stretch of the table's length begins at a place of its own, and the first ones follow on the last. */
  private static double[] normal(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    double[] table = new double[TABLE + MOST_ROWS];
    for (int i = 0; i < TABLE; i += 2) {
      double radius = Math.sqrt(-2 * Math.log(1 - random.nextDouble()));
      double angle = 2 * Math.PI * random.nextDouble();
      table[i] = radius * Math.cos(angle);
      table[i + 1] = radius * Math.sin(angle);
    }
    System.arraycopy(table, 0, table, TABLE, MOST_ROWS);
    return table;
  }

  /** The size of a ternary secret's value in a slot, relative to its root mean square. */
  private static double[] sizes(long seed, boolean complex) {
    double[] real = normal(seed);
    double[] imaginary = normal(seed + 1);
    Arrays.setAll(real, i -> complex ? Math.sqrt((real[i] * real[i] + imaginary[i] * imaginary[i]) / 2) : Math.abs(real[i]));
    return real;
  }

  private double factor(int i) {
    return factors[(firstFactor + (i >> logRows)) & (TABLE - 1)];
  }

  private int period(double[] values) {
    return values.length >> logRows;
  }

  @Override
  public double[] disturb(int id, double[] argument, double[] exact, boolean own) {
    Instruction in = instructions.get(id);
    boolean tiled = in.op() == Op.INPUT && period(exact) < leastPeriod;
    Sum result = new Sum(tiled ? tile(exact, leastPeriod << logRows) : exact, tiled || own);
    double copies = kind == Kind.MEANS ? Math.sqrt((double) period(result.values) / parameters.slots()) : 1;
    Scale scale = in.type().scale();
    switch (in.op()) {
      case INPUT -> {
        double logScale = scale.log2(parameters);
        result.add(copies * (encryption == Encryption.PUBLIC_KEY ? model.fresh(logScale) : model.freshSecret(logScale)));
        result.add(model.encode(period(result.values), logScale));
      }
      case RESCALE -> result.add(copies * model.rescale(in.type().components(), scale.log2(parameters)));
      case RELINEARIZE, ROTATE, CONJUGATE -> result.add(copies * model.keySwitch(in.type().level(), scale.log2(parameters)));
      case ROTATE_SUM, ROTATE_MEAN -> result.add(
          copies * Math.sqrt(in.count() - 1.0) * model.keySwitch(in.type().level(), scale.log2(parameters)));
      case ADD_PLAIN -> {
        int period = ((Constant.Vector) program.constants().get(in.constant())).period();
        result.add(model.encode(period, scale.log2(parameters)));
      }
      case MULTIPLY_PLAIN -> {
        int period = ((Constant.Vector) program.constants().get(in.constant())).period();
        result.add(model.encode(period, in.plainScale().log2(parameters)), argument);
      }
      case POLYNOMIAL -> {
        Constant.Polynomial p = (Constant.Polynomial) program.constants().get(in.constant());
        result.add(copies * model.polynomial(p.coefficients(), scale.log2(parameters)) / model.realPart());  // it was measured
      }
      case FLOOD -> result.add(copies * model.flooding((int) in.scalar(), scale.log2(parameters)));
      case COMPLEX -> result.add(model.rescale(scale.log2(parameters)));  // the other part's noise has a part here too
      case LINEAR_TRANSFORM -> transform(in, id, argument, result, copies);
      default -> { }
    }
    return result.values;
  }

  /** Key errors of baby steps, weighted as the diagonals are, those of giant steps, and the rounding of the diagonals. */
  private void transform(Instruction in, int id, double[] argument, Sum result, double copies) {
    double logPlain = in.plainScale().log2(parameters);
    double logOut = in.type().scale().log2(parameters);
    int level = in.type().level();
    if (program.constants().get(in.constant()) instanceof Diagonals diagonals) {
      StepNoise noise = steps.computeIfAbsent(new Place(id, period(result.values)), place -> new StepNoise(
          ofBabySteps(diagonals, copies * model.keyProduct(level, logOut - logPlain), copies * ofOtherPart(in, diagonals)),
          diagonals.firstGiantSteps().size() - (diagonals.firstGiantSteps().contains(0) ? 1 : 0) + (diagonals.pair() == 0 ? 0 : 1)));
      result.add(noise.deviations());
      result.add(copies * Math.sqrt(noise.giants()) * model.keySwitch(level, logOut));
      int halved = diagonals.pair() == 0 ? 1 : 2;  // of pairs, diagonals are encoded at half of their size
      result.add(halved * model.encode(diagonals.period(), logPlain) * Math.sqrt(diagonals.terms().size()), argument);
      return;
    }
    Constant.Matrix matrix = (Constant.Matrix) program.constants().get(in.constant());
    double norm = Arrays.stream(matrix.values()).map(v -> v * v).sum() / matrix.rows();
    result.add(copies * Math.sqrt(norm) * model.keyProduct(level, logOut - logPlain));
    result.add(model.encode(Math.max(matrix.inPeriod(), matrix.outPeriod()), logPlain) * Math.sqrt(matrix.diagonals()), argument);
  }

  /**
   * The deviation that pairs of giant steps add to a slot of the argument: its imaginary part, which was never read before, is
   * as noisy as what made it, and the rotation to the pair's second step adds to both parts.
   */
  private double ofOtherPart(Instruction in, Diagonals diagonals) {
    if (diagonals.pair() == 0) {
      return 0;
    }
    Instruction argument = instructions.get(in.argument(0));
    double logScale = argument.type().scale().log2(parameters);
    double own = argument.op() == Op.INPUT ? model.freshSecret(logScale) : model.keySwitch(argument.type().level(), logScale);
    return Math.hypot(own, model.keySwitch(in.type().level(), logScale));
  }

  /**
   * The deviations of the slots of one period.
   *
   * @param ofStep that of a rotation by a baby step
   * @param ofAll that of every slot that is read
   */
  private static double[] ofBabySteps(Diagonals diagonals, double ofStep, double ofAll) {
    double[] result = new double[diagonals.period()];
    for (Diagonals.Term term : diagonals.terms()) {
      double each = Math.hypot(term.baby() == 0 ? 0 : ofStep, ofAll);
      int[] slots = term.slots();
      double[] values = term.values();
      for (int i = 0; each > 0 && i < slots.length; i++) {
        result[slots[i]] += values[i] * values[i] * each * each;
      }
    }
    for (int i = 0; i < result.length; i++) {
      result[i] = Math.sqrt(result[i]);
    }
    return result;
  }

  /** A value to which noise is added: in place where the array is its own, else in a new one. */
  private final class Sum {
    private double[] values;
    private boolean own;

    Sum(double[] values, boolean own) {
      this.values = values;
      this.own = own;
    }

    /** Noise of this deviation in every slot. */
    void add(double deviation) {
      double[] ofRows = new double[1 << logRows];
      Arrays.fill(ofRows, deviation);
      addByRow(ofRows);
    }

    /** What rounding of constants adds: in proportion to the values that a row multiplies by them. */
    void add(double deviation, double[] argument) {
      double[] ofRows = new double[1 << logRows];
      for (int i = 0; i < argument.length; i += ofRows.length) {
        for (int r = 0; r < ofRows.length; r++) {
          ofRows[r] += argument[i + r] * argument[i + r];
        }
      }
      for (int r = 0; r < ofRows.length; r++) {
        ofRows[r] = deviation * Math.sqrt(ofRows[r] / period(argument));
      }
      addByRow(ofRows);
    }

    private void addByRow(double[] ofRows) {
      if (Arrays.stream(ofRows).allMatch(deviation -> deviation == 0)) {
        return;
      }
      double[] exact = values;
      double[] result = result(exact.length);
      boolean even = isEven(period(result));
      boolean alike = Arrays.stream(ofRows).allMatch(deviation -> deviation == ofRows[0]);
      for (int at = 0; at < result.length; at += TABLE) {
        int start = random.nextInt(TABLE);
        int end = Math.min(result.length, at + TABLE);
        if (even && alike) {
          double size = ofRows[0] * model.realPart();
          int turn = Math.min(end, at + TABLE - start);
          addTable(result, exact, at, turn, size, start);
          addTable(result, exact, turn, end, size, 0);
          continue;
        }
        for (int first = at; first < end; first += ofRows.length) {
          double slot = model.realPart() * (even ? 1 : factor(first));
          int from = (start + first - at) & (TABLE - 1);
          for (int row = 0; row < ofRows.length; row++) {
            result[first + row] = exact[first + row] + ofRows[row] * slot * NORMAL[from + row];
          }
        }
      }
    }

    /** Noise of a deviation for each slot of a period. */
    void add(double[] deviation) {
      double[] exact = values;
      double[] result = result(Math.max(exact.length, deviation.length << logRows));
      boolean even = isEven(period(result));
      int rows = 1 << logRows;
      for (int at = 0; at < result.length; at += TABLE) {
        int start = random.nextInt(TABLE);
        for (int first = at; first < Math.min(result.length, at + TABLE); first += rows) {
          double size = deviation[(first >> logRows) & (deviation.length - 1)] * model.realPart() * (even ? 1 : factor(first));
          int from = first & (exact.length - 1);
          int normal = (start + first - at) & (TABLE - 1);
          for (int row = 0; row < rows; row++) {
            result[first + row] = exact[from + row] + size * NORMAL[normal + row];
          }
        }
      }
    }

    /** The array that a sum of this length goes to. */
    private double[] result(int length) {
      if (!own || values.length != length) {
        values = new double[length];
        own = true;
      }
      return values;
    }
  }

  private static void addTable(double[] result, double[] exact, int from, int to, double size, int start) {
    for (int i = from; i < to; i++) {
      result[i] = exact[i] + size * NORMAL[start + i - from];
    }
  }

  private boolean isEven(int period) {
    return !uneven || kind == Kind.MEANS && parameters.slots() / period >= EVEN_COPIES;
  }

  private static double[] tile(double[] period, int length) {
    double[] result = new double[length];
    for (int i = 0; i < length; i++) {
      result[i] = period[i & (period.length - 1)];
    }
    return result;
  }
}
