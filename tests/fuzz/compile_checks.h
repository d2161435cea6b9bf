// What holds for everything that the controller compiles, whatever the objects are.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "controller/compile/compiler.h"
#include "controller/store/store.h"
#include "tests/fuzz/config_checks.h"

namespace stevedore::fuzz {

struct Given {
  source::Kind kind;
  source::Object object;
};

inline compile::CompileOutput CompileAll(const std::vector<Given>& objects,
                                         const compile::CompileOptions& options) {
  store::Store store;
  for (const Given& given : objects) store.Apply(given.kind, given.object);
  return compile::Compile(*store.View(), options);
}

// The config passes the proxy's validator and the file's codec; the order in which the objects came
// does not matter; a refused route leaves no trace in it. Returns the output.
inline compile::CompileOutput RequireCompiles(std::vector<Given> objects,
                                              const compile::CompileOptions& options) {
  const compile::CompileOutput output = CompileAll(objects, options);
  const auto valid = config::Validate(output.config);
  if (const auto* errors = std::get_if<config::FieldErrors>(&valid))
    Require(false, "the proxy takes what the controller writes",
            config::ToString(errors->front()) + "\n" + config::Encode(output.config));
  RequireRoundTrip(std::get<config::ValidConfig>(valid));

  std::reverse(objects.begin(), objects.end());
  const compile::CompileOutput reversed = CompileAll(objects, options);
  Require(config::Encode(reversed.config) == config::Encode(output.config) &&
              reversed.reports == output.reports,
          "the order of the objects does not matter", config::Encode(output.config));

  for (const compile::RouteReport& report : output.reports) {
    Require(report.is_accepted() == report.listener.has_value(),
            "an accepted route has a listener");
    if (report.is_accepted()) continue;
    Require(!report.accepted.message.empty(), "a refusal says why", report.key.ToString());
    const std::string prefix = report.key.ToString() + "/";
    for (const config::Upstream& upstream : output.config.upstreams)
      Require(!upstream.name.starts_with(prefix), "a refused route has no upstream", upstream.name);
    for (const config::Listener& listener : output.config.listeners)
      for (const config::Rule& rule : listener.rules)
        Require(!rule.name.starts_with(prefix), "a refused route has no rule", rule.name);
  }
  return output;
}

// Names as an API server lets them through.
inline bool IsName(const std::string& name, std::size_t most) {
  return !name.empty() && name.size() <= most &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-.") == std::string::npos;
}

inline Given Route(const std::string& name, const std::string& spec) {
  const std::string json = R"({"apiVersion":"stevedore.io/v1alpha1","kind":"StevedoreRoute",)"
                           R"("metadata":{"name":")" +
                           name + R"(","namespace":"game"},"spec":)" + spec + "}";
  return {source::Kind::kRoute, {{"game", name}, json, ""}};
}

// Service game/kcp with the UDP port "kcp", 2345.
inline Given KcpService() {
  return {source::Kind::kService,
          {{"game", "kcp"},
           R"({"apiVersion":"v1","kind":"Service","metadata":{"name":"kcp","namespace":"game"},)"
           R"("spec":{"ports":[{"name":"kcp","protocol":"UDP","port":2345,"targetPort":9000}]}})",
           ""}};
}

}  // namespace stevedore::fuzz
