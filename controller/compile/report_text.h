// Reports as lines for people: stderr of `compile -f`, and the log of directory mode.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/compile/compiler.h"
#include "controller/compile/route_report.h"

namespace stevedore::compile {

// One line per thing that is wrong or surprising, nothing for a route that is fine:
//   kcp.yaml: game/kcp: spec.rules[0].match[0].value: ...
//   kcp.yaml: game/kcp: ResolvedRefs=False/ServiceNotFound: ...
// The manifest is left out when the route has none. No line ends.
std::vector<std::string> ProblemLines(const RouteReport& report);
std::string ProblemLine(const ObjectProblem& problem);
// All lines of the output, those of objects first.
std::vector<std::string> ProblemLines(const CompileOutput& output);

// Whether the output has anything that makes `compile -f` fail: a route that is not accepted, a
// reference that does not resolve, an object that could not be read.
bool HasErrors(const CompileOutput& output);

}  // namespace stevedore::compile
