// Runs universes side by side and adds up what they did.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "tests/convergence/universe.h"

namespace stevedore::convergence {

struct RunOptions {
  UniverseOptions universe;  // seed of the first; each other has one of its own
  int universes = 1;
  int sequences = 1;  // of all together
};

struct RunResult {
  Tally tally;
  std::string failure;  // of the first universe that failed; empty when all is well
};

// Ends early when a universe fails.
RunResult Run(const RunOptions& options);

}  // namespace stevedore::convergence
