// stevedore-load MODE [--name value]...: what tests/harness/fastload.py starts.
#include <cstdio>
#include <string>

#include "tests/load/net.h"

int main(int argc, char** argv) {
  using namespace stevedore::load;
  const std::string mode = argc > 1 ? argv[1] : "";
  const Flags flags(argc - 2, argv + 2);
  if (mode == "flows") return Flows(flags);
  if (mode == "flood") return Flood(flags);
  if (mode == "keys") return Keys(flags);
  if (mode == "peers") return Peers(flags);
  std::fputs("usage: stevedore-load flows|flood|keys|peers [--name value]...\n", stderr);
  return 2;
}
