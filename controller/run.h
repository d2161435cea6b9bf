// What the executable's commands do.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/compile/compile_options.h"
#include "controller/controller_options.h"

namespace stevedore {

// Runs until SIGINT or SIGTERM. Returns the exit code; what went wrong at the start is in the log.
int RunController(ControllerOptions options);

// `compile -f PATH...`: compiled config on stdout, a line per problem on stderr. 0, or 1 when
// anything could not be read or a route is refused.
int RunCompile(const std::vector<std::string>& paths, const compile::CompileOptions& options);

}  // namespace stevedore
