// stevedore-bench: the load and the bare forwarder of `make bench`; tests/bench/bench.py runs it.
#include <cstdio>
#include <string>
#include <vector>

#include "tests/bench/bench.h"

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const std::vector<std::string> arguments(argv + (argc > 1 ? 2 : 1), argv + argc);
  if (mode == "forward") return stevedore::bench::Forward(arguments);
  if (mode == "load") return stevedore::bench::Load(arguments);
  std::fputs("usage: stevedore-bench forward|load ARGUMENTS\n", stderr);
  return 2;
}
