// The commands that look at a config file and end: check, dump, explain. Output for people and
// scripts; each returns the exit code, 0 or 1.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

namespace stevedore::control {

// Every error on stderr, with line and path; notes too. 0 when the file is valid.
int Check(const std::string& path);
// The effective config on stdout, canonical: a dump of a dump is identical.
int Dump(const std::string& path);

struct ExplainFlags {
  std::uint16_t port = 0;
  std::string hex;  // with or without "0x"
  std::string client = "192.0.2.1:40000";
};
int ExplainCommand(const std::string& path, const ExplainFlags& flags);

}  // namespace stevedore::control
