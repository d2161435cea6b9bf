// `stevedore-controller convert`: configuration of other programs in, StevedoreRoutes out.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/convert/documents.h"

namespace stevedore::convert {

// As typed on the command line.
struct ConvertOptions {
  std::string from;  // one of kSources; empty: told by the input itself
  std::vector<std::string> files;
  std::string default_ns = "default";
  std::string class_name = "stevedore";
  std::vector<std::string> entry_points;  // NAME=PORT
};

inline constexpr const char* kSources[] = {"ingress-nginx", "nginx-transportserver", "traefik",
                                           "ancestor"};

enum ConvertExit : int {
  kCarriedOver = 0,
  kBadInput = 1,  // nothing is printed on stdout
  kLeftOut = 3,   // routes for the rest are printed
};

struct ConvertOutput {
  std::string routes;              // YAML documents
  std::vector<std::string> lines;  // for stderr, without line ends
  ConvertExit exit = kCarriedOver;
};

// Pure.
ConvertOutput Convert(const std::vector<Input>& inputs, const ConvertOptions& options);

// Reads the files ("-" is standard input), converts and prints. Returns the exit code.
int RunConvert(const ConvertOptions& options);

}  // namespace stevedore::convert
