// The commands that look at a config file and end: check, dump, explain. Output for people and
// scripts; each returns the exit code, 0 or 1.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "proxy/report/explain_request.h"

namespace stevedore::control {

// Every error on stderr, with line and path; notes too. 0 when the file is valid.
int Check(const std::string& path);
// The effective config on stdout, canonical: a dump of a dump is identical.
int Dump(const std::string& path);

struct ExplainFlags {
  // As report::ParseExplainRequest takes them.
  std::string port;
  std::string hex;
  std::string client = report::kAnyClient;
};
int ExplainCommand(const std::string& path, const ExplainFlags& flags);

}  // namespace stevedore::control
