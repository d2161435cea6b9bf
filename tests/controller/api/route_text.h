// A route as JSON text for tests, with parts replaced.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "controller/api/stevedore_route.h"

namespace stevedore::api {

// A valid route; `extra` goes into its spec, `upstream` into its only upstream, named "a".
inline std::string RouteText(const std::string& extra = "", const std::string& upstream = "") {
  return R"({"apiVersion":"stevedore.io/v1alpha1","kind":"StevedoreRoute",)"
         R"("metadata":{"name":"r","namespace":"n","uid":"u",)"
         R"("generation":3,"resourceVersion":"9"},)"
         R"("spec":{"listener":{"port":2614},"defaultUpstream":"a",)" +
         extra + (extra.empty() ? "" : ",") + R"("upstreams":[{"name":"a")" +
         (upstream.empty() ? R"(,"peers":[{"address":"10.0.0.1","port":1}])" : "," + upstream) +
         "}]}}";
}

// Every finding as "path: message", errors first.
inline std::string FindingsText(const StevedoreRoute& route) {
  std::string text;
  for (const auto& error : route.findings.errors) text += ToString(error) + "\n";
  for (const auto& error : route.findings.unsupported) text += "? " + ToString(error) + "\n";
  return text;
}

}  // namespace stevedore::api
