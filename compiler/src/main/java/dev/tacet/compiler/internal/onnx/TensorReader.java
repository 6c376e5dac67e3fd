// SPDX-License-Identifier: Apache-2.0
package dev.tacet.compiler.internal.onnx;

import com.google.protobuf.ByteString;
import dev.tacet.compiler.MalformedModelException;
import dev.tacet.compiler.internal.onnx.proto.StringStringEntryProto;
import dev.tacet.compiler.internal.onnx.proto.TensorProto;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/** Reads tensors, from the model file or from data files beside it, within stated bounds. */
final class TensorReader {
  /** The most elements of one tensor, 2^26 (a dense layer of 8192 x 8192). */
  static final long MAX_ELEMENTS = 1L << 26;

  /** The most elements of all tensors of a model, 2^27. */
  static final long MAX_TOTAL_ELEMENTS = 1L << 27;

  private final Optional<Path> folder;
  private long total;

  TensorReader(Optional<Path> folder) {
    this.folder = folder;
  }

  /**
   * Reads one tensor.
   *
   * @throws MalformedModelException if its type, shape, length or data file is not valid; numbers that are NaN or infinite are
   *     left to the lowering, which names the node that reads them
   */
  Tensor read(TensorProto proto) {
    String name = proto.getName().isEmpty() ? "(unnamed)" : proto.getName();
    DataType type = DataType.ofCode(proto.getDataType());
    if (type == null) {
      throw new MalformedModelException("tensor " + name + " has element type " + proto.getDataType()
          + ", which is not read (float, double, float16, bfloat16, integers to 64 bits, bool and string are)");
    }
    int[] shape = shape(name, proto.getDimsList());
    int size = Shapes.size(shape);
    if (type == DataType.STRING) {
      return texts(name, proto, shape, size);
    }
    double[] numbers = new double[size];
    if (proto.getDataLocation() == TensorProto.DataLocation.EXTERNAL) {
      raw(name, type, external(name, proto, (long) size * type.width()), numbers);
    } else if (proto.hasRawData()) {
      raw(name, type, proto.getRawData().asReadOnlyByteBuffer(), numbers);
    } else {
      typed(name, type, proto, numbers);
    }
    return Tensor.of(type, shape, numbers);
  }

  /** Says why a tensor has more elements than are read, or than are left for it; null if it has not. */
  String excess(TensorProto proto) {
    long size = 1;
    for (long dim : proto.getDimsList()) {
      if (dim < 0) {
        return null;
      }
      size = dim != 0 && size > Long.MAX_VALUE / dim ? Long.MAX_VALUE : size * dim;
    }
    if (size > MAX_ELEMENTS) {
      return "it has dimensions " + proto.getDimsList() + ", more than " + MAX_ELEMENTS + " elements";
    }
    return total + size <= MAX_TOTAL_ELEMENTS ? null
        : "with it the model's tensors have " + (total + size) + " elements together, more than " + MAX_TOTAL_ELEMENTS;
  }

  private int[] shape(String name, List<Long> dims) {
    if (dims.size() > 8) {
      throw new MalformedModelException("tensor " + name + " has " + dims.size() + " dimensions, at most 8 are read");
    }
    int[] shape = new int[dims.size()];
    long size = 1;
    for (int i = 0; i < shape.length; i++) {
      long dim = dims.get(i);
      if (dim < 0 || dim > MAX_ELEMENTS) {
        throw new MalformedModelException(
            "tensor " + name + " has dimension " + i + " = " + dim + ", needs 0.." + MAX_ELEMENTS);
      }
      shape[i] = (int) dim;
      size *= dim;
      if (size > MAX_ELEMENTS) {
        throw new MalformedModelException(
            "tensor " + name + " has dimensions " + dims + ", more than " + MAX_ELEMENTS + " elements");
      }
    }
    total += size;
    if (total > MAX_TOTAL_ELEMENTS) {
      throw new MalformedModelException("the model's tensors have more than " + MAX_TOTAL_ELEMENTS + " elements");
    }
    return shape;
  }

  private static Tensor texts(String name, TensorProto proto, int[] shape, int size) {
    if (proto.getStringDataCount() != size) {
      throw length(name, size, proto.getStringDataCount());
    }
    String[] texts = new String[size];
    for (int i = 0; i < size; i++) {
      texts[i] = proto.getStringData(i).toStringUtf8();
    }
    return Tensor.ofTexts(shape, texts);
  }

  private static void typed(String name, DataType type, TensorProto proto, double[] numbers) {
    int count = switch (type) {
      case FLOAT -> proto.getFloatDataCount();
      case DOUBLE -> proto.getDoubleDataCount();
      case INT64 -> proto.getInt64DataCount();
      case UINT32, UINT64 -> proto.getUint64DataCount();
      default -> proto.getInt32DataCount();
    };
    if (count != numbers.length) {
      throw length(name, numbers.length, count);
    }
    for (int i = 0; i < count; i++) {
      numbers[i] = switch (type) {
        case FLOAT -> proto.getFloatData(i);
        case DOUBLE -> proto.getDoubleData(i);
        case INT64 -> proto.getInt64Data(i);
        case UINT32 -> proto.getUint64Data(i);
        case UINT64 -> unsigned(proto.getUint64Data(i));
        case FLOAT16 -> half(proto.getInt32Data(i));
        case BFLOAT16 -> Float.intBitsToFloat(proto.getInt32Data(i) << 16);
        default -> proto.getInt32Data(i);
      };
    }
  }

  private static void raw(String name, DataType type, ByteBuffer data, double[] numbers) {
    long expected = (long) numbers.length * type.width();
    if (data.remaining() != expected) {
      throw new MalformedModelException("tensor " + name + " of " + numbers.length + " " + type + " needs " + expected
          + " bytes, has " + data.remaining());
    }
    data = data.order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < numbers.length; i++) {
      numbers[i] = switch (type) {
        case FLOAT -> data.getFloat();
        case DOUBLE -> data.getDouble();
        case INT64 -> data.getLong();
        case UINT64 -> unsigned(data.getLong());
        case INT32 -> data.getInt();
        case UINT32 -> data.getInt() & 0xffffffffL;
        case INT16 -> data.getShort();
        case UINT16 -> data.getShort() & 0xffff;
        case INT8 -> data.get();
        case UINT8, BOOL -> data.get() & 0xff;
        case FLOAT16 -> half(data.getShort());
        case BFLOAT16 -> Float.intBitsToFloat(data.getShort() << 16);
        case STRING -> throw new IllegalStateException("text has no raw data");
      };
    }
  }

  private ByteBuffer external(String name, TensorProto proto, long expected) {
    String location = null;
    long offset = 0;
    long length = -1;
    for (StringStringEntryProto entry : proto.getExternalDataList()) {
      switch (entry.getKey()) {
        case "location" -> location = entry.getValue();
        case "offset" -> offset = number(name, entry);
        case "length" -> length = number(name, entry);
        default -> { }
      }
    }
    if (length >= 0 && length != expected) {
      throw new MalformedModelException(
          "tensor " + name + " needs " + expected + " bytes, its external data has length " + length);
    }
    Path file = locate(name, location);
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ)) {
      long size = channel.size();
      if (offset > size || expected > size - offset) {
        throw new MalformedModelException("tensor " + name + " needs bytes " + offset + ".." + Long.toUnsignedString(offset + expected)
            + " of external data " + location + ", which has " + size);
      }
      ByteBuffer buffer = ByteBuffer.allocate(Math.toIntExact(expected));
      while (buffer.hasRemaining()) {
        if (channel.read(buffer, offset + buffer.position()) < 0) {
          throw new MalformedModelException("external data " + location + " ended while it was read");
        }
      }
      return buffer.flip();
    } catch (IOException e) {
      throw new MalformedModelException("tensor " + name + ": external data " + location + " cannot be read", e);
    }
  }

  /** Resolves a location to a regular file inside the model's folder; nothing outside it is ever opened. */
  private Path locate(String name, String location) {
    if (location == null || location.isEmpty()) {
      throw new MalformedModelException("tensor " + name + " is external but names no location");
    }
    if (folder.isEmpty()) {
      throw new MalformedModelException(
          "tensor " + name + " is external (" + location + "), but the model was given as bytes, without a folder");
    }
    try {
      Path file = folder.get().resolve(location).normalize();
      if (Path.of(location).isAbsolute() || !file.startsWith(folder.get())) {
        throw new MalformedModelException(
            "tensor " + name + ": external data " + location + " lies outside the model's folder");
      }
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          || !file.toRealPath().startsWith(folder.get().toRealPath())) {
        throw new MalformedModelException("tensor " + name + ": external data " + location
            + " is not a regular file in the model's folder");
      }
      return file;
    } catch (InvalidPathException e) {
      throw new MalformedModelException("tensor " + name + ": external data location is not a path", e);
    } catch (IOException e) {
      throw new MalformedModelException("tensor " + name + ": external data " + location + " cannot be resolved", e);
    }
  }

  private static long number(String name, StringStringEntryProto entry) {
    try {
      long value = Long.parseLong(entry.getValue());
      if (value >= 0) {
        return value;
      }
    } catch (NumberFormatException e) {
      // falls through to the same refusal as a negative number
    }
    throw new MalformedModelException("tensor " + name + ": external data " + entry.getKey()
        + " is not a number of bytes");
  }

  private static MalformedModelException length(String name, int expected, int actual) {
    return new MalformedModelException("tensor " + name + " needs " + expected + " values, has " + actual);
  }

  private static double unsigned(long bits) {
    return bits >= 0 ? bits : (bits >>> 1) * 2.0;
  }

  /** Converts IEEE binary16 bits. */
  private static double half(int bits) {
    int exponent = (bits >> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    double magnitude;
    if (exponent == 0) {
      magnitude = fraction * 0x1p-24;
    } else if (exponent == 31) {
      magnitude = fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
    } else {
      magnitude = (1024 + fraction) * Math.scalb(1.0, exponent - 25);
    }
    return (bits & 0x8000) != 0 ? -magnitude : magnitude;
  }

  /** Decodes the text of a byte string, as UTF-8. */
  static String text(ByteString bytes) {
    return bytes.toStringUtf8();
  }
}
