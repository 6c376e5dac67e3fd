// SPDX-License-Identifier: Apache-2.0
// tacet_bench: measures single operations and prints one JSON object (benchmarks/peers/README.md has its form).

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <thread>

#include "kernels/kernels.h"
#include "operations.h"
#include "stopwatch.h"
#include "util/error.h"

namespace tacet::bench {
namespace {

/// Prints members of JSON objects and arrays with their commas.
class Json {
 public:
  void open(const char* key, char bracket) {
    name(key);
    std::putchar(bracket);
    first_ = true;
  }
  void close(char bracket) {
    std::putchar(bracket);
    first_ = false;
  }
  void number(const char* key, double value) {
    name(key);
    std::printf("%.9g", value);
  }
  void integer(const char* key, unsigned long long value) {
    name(key);
    std::printf("%llu", value);
  }
  void text(const char* key, const std::string& value) {
    name(key);
    std::putchar('"');
    for (const char c : value) {
      if (c == '"' || c == '\\') std::putchar('\\');
      std::putchar(static_cast<unsigned char>(c) < ' ' ? ' ' : c);
    }
    std::putchar('"');
  }

 private:
  void name(const char* key) {
    std::fputs(first_ ? "" : ",\n", stdout);
    if (key != nullptr) std::printf("\"%s\": ", key);
    first_ = false;
  }
  bool first_ = true;
};

std::string processor() {
  std::string name = "unknown";
  if (std::FILE* file = std::fopen("/proc/cpuinfo", "r")) {
    char line[512];
    while (std::fgets(line, sizeof line, file) != nullptr) {
      const std::string text = line;
      if (text.rfind("model name", 0) == 0) {
        name = text.substr(text.find(':') + 2);
        name.erase(name.find_last_not_of(" \n") + 1);
        break;
      }
    }
    std::fclose(file);
  }
  return name;
}

void print_machine(Json& json, const MachineLimits* limits) {
  json.open("machine", '{');
  json.text("cpu", processor());
  json.integer("cores", std::thread::hardware_concurrency());
  json.text("kernels", kernels().name);
  json.number("ticks_per_second", ticks_per_second());
  if (limits != nullptr) {
    json.open("limits", '{');
    json.number("vpmadd52_per_second", limits->ifma512);
    json.number("vpaddq_512_per_second", limits->add512);
    json.number("vpmullq_512_per_second", limits->mullo512);
    json.number("vfmadd_256_per_second", limits->fma256);
    json.number("vpaddq_256_per_second", limits->add256);
    json.number("multiply_64_per_second", limits->multiply64);
    json.number("add_64_per_second", limits->add64);
    json.open("read_bytes_per_second", '{');
    for (const auto& [bytes, rate] : limits->reads) json.number((std::to_string(bytes >> 20) + "_mib").c_str(), rate);
    json.close('}');
    json.close('}');
  }
  json.close('}');
}

/// The set as --params names it.
std::string params_of(const Context& context) {
  return std::to_string(context.spec().log_n) + ":" + std::to_string(std::lround(context.log2_q()));
}

void print_set(Json& json, const Context& context) {
  json.open(nullptr, '{');
  json.text("params", params_of(context));
  json.integer("log_n", static_cast<unsigned>(context.spec().log_n));
  json.integer("log_scale", static_cast<unsigned>(context.spec().log_scale));
  json.integer("digit_size", static_cast<unsigned>(context.spec().digit_size));
  json.open("q", '[');
  for (const u64 q : context.spec().q) json.integer(nullptr, q);
  json.close(']');
  json.open("p", '[');
  for (const u64 p : context.spec().p) json.integer(nullptr, p);
  json.close(']');
  json.close('}');
}

void print_result(Json& json, const Options& options, const Context& context, const Operation& op, const Times& times,
                  const MachineLimits* limits) {
  json.open(nullptr, '{');
  json.text("op", op.name);
  json.text("params", params_of(context));
  json.text("ring_type", name_of(options.ring_type));
  json.integer("ring_degree", context.n());
  json.number("log_q", context.log2_q());
  json.number("log_qp", context.log2_qp());
  json.integer("threads", static_cast<unsigned>(options.threads));
  json.text("kernels", kernels().name);
  json.number("min_us", 1e6 * times.min);
  json.number("median_us", 1e6 * times.median);
  json.integer("samples", times.samples);
  json.number("cycles_per_element", times.min * ticks_per_second() / op.elements);
  json.number("elements_per_second", op.elements / times.min);
  if (limits != nullptr) {
    json.number("share_of_limit", least_time(op.work, kernels().name, *limits) / options.threads / times.min);
  }
  json.number("allocations", times.allocations);
  json.number("allocated_bytes", times.allocated_bytes);
  if (op.max_error) json.number("max_error", *op.max_error);
  if (op.bytes) json.integer("bytes", *op.bytes);
  json.close('}');
  std::fflush(stdout);
}

Times time_of(Bench& bench, const Operation& op, double seconds) {
  const auto discard = [&bench] { bench.discard(); };
  return op.base ? measure_difference(seconds, op.run, op.base, op.parts, discard) : measure(seconds, op.run, discard);
}

void run(const Options& options) {
  MachineLimits limits;
  if (options.limits) limits = measure_limits();
  const MachineLimits* known = options.limits ? &limits : nullptr;
  Json json;
  json.open(nullptr, '{');
  json.text("library", "Tacet");
  print_machine(json, known);
  json.open("results", '[');
  std::vector<std::shared_ptr<Bench>> sets;
  for (const ChainBits& bits : options.sets) {
    sets.push_back(std::make_shared<Bench>(bits, options.ring_type));
    Bench& bench = *sets.back();
    for (const std::string& name : options.ops.empty() ? Bench::names() : options.ops) {
      try {
        const Operation op = bench.make(name);
        print_result(json, options, bench.context(), op, time_of(bench, op, options.seconds), known);
      } catch (const Error& error) {
        if (error.code != Code::kUnsupported) throw;
        std::fprintf(stderr, "tacet_bench: %s at N = 2^%d is left out: %s\n", name.c_str(), bits.log_n, error.text.c_str());
      }
      bench.reset();
    }
  }
  json.close(']');
  json.open("parameters", '[');
  for (const auto& bench : sets) print_set(json, bench->context());
  json.close(']');
  json.close('}');
  std::putchar('\n');
}

void list(const Options& options) {
  if (options.list_ops) {
    for (const std::string& name : Bench::names()) std::printf("%s\n", name.c_str());
    return;
  }
  Json json;
  json.open(nullptr, '[');
  for (const ChainBits& bits : options.sets) {
    json.open(nullptr, '{');
    json.text("params", std::to_string(bits.log_n) + ":" + std::to_string(bits.log_q));
    json.open("chain", '[');
    for (const int size : bits.chain) json.integer(nullptr, static_cast<unsigned>(size));
    json.close(']');
    json.open("special", '[');
    for (const int size : bits.special) json.integer(nullptr, static_cast<unsigned>(size));
    json.close(']');
    json.integer("log_scale", static_cast<unsigned>(bits.log_scale));
    json.close('}');
  }
  json.close(']');
  std::putchar('\n');
}

}  // namespace
}  // namespace tacet::bench

int main(int count, char** arguments) {
  try {
    const tacet::bench::Options options = tacet::bench::parse(count, arguments);
    if (options.list_ops || options.list_params) {
      tacet::bench::list(options);
      return 0;
    }
    // The pool is sized when it is first used.
    setenv("TACET_THREADS", std::to_string(options.threads).c_str(), 1);
    tacet::bench::run(options);
  } catch (const tacet::Error& error) {
    std::fprintf(stderr, "tacet_bench: %s\n", error.text.c_str());
    return error.code == tacet::Code::kInvalidArgument ? 2 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tacet_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
