// A CustomResourceDefinition as a file or an API server has it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <nlohmann/json.hpp>
#include <string>

namespace stevedore::api {

// `schema` "" means no annotation.
inline nlohmann::json CrdFileSample(const std::string& schema = "3") {
  nlohmann::json crd = {
      {"apiVersion", "apiextensions.k8s.io/v1"},
      {"kind", "CustomResourceDefinition"},
      {"metadata", {{"name", "things.example.com"}}},
      {"spec",
       {{"group", "example.com"},
        {"names", {{"kind", "Thing"}, {"plural", "things"}}},
        {"versions", nlohmann::json::array({{{"name", "v1"}}})}}},
  };
  if (!schema.empty()) crd["metadata"]["annotations"]["stevedore.io/schema"] = schema;
  return crd;
}

// The same in the cluster, served, at generation 5.
inline nlohmann::json LiveCrdSample(const std::string& schema = "3") {
  nlohmann::json crd = CrdFileSample(schema);
  crd["metadata"]["uid"] = "u1";
  crd["metadata"]["resourceVersion"] = "77";
  crd["metadata"]["generation"] = 5;
  crd["metadata"]["managedFields"] = nlohmann::json::array();
  crd["status"]["conditions"] = {{{"type", "NamesAccepted"}, {"status", "True"}},
                                 {{"type", "Established"}, {"status", "True"}}};
  return crd;
}

}  // namespace stevedore::api
