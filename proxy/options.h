// Command line and environment of stevedore-proxy.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stevedore {

// Parses, then runs what was asked for. Returns the exit code: 0, or 1 when the config or a flag's
// value is wrong or the start fails; the command line parser has codes of its own, see --help.
int ProxyMain(int argc, char** argv);

}  // namespace stevedore
