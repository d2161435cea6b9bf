// Command line and environment of stevedore-controller.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stevedore {

// Parses, then runs what was asked for. Returns the exit code: 0, 1 for a failure, 2 for wrong
// usage... see --help.
int ControllerMain(int argc, char** argv);

}  // namespace stevedore
