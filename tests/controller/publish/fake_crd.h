// FakeCrd: an API server that has at most one CustomResourceDefinition, in memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controller/kube/transport.h"
#include "tests/controller/api/crd_sample.h"
#include "tests/controller/kube/fake_transport.h"

namespace stevedore::publish {

// Thread: one. Applied and deleted objects are held to uid and resourceVersion, as the real one
// does; a change of the spec counts up the generation.
class FakeCrd final : public kube::Transport {
 public:
  using Json = nlohmann::json;

  Result<kube::Response> Do(const kube::Request& request) override {
    asked.push_back(request.method + (Query(request, "dryRun") == "All" ? " dry" : ""));
    if (request.method == "GET") return live.is_null() ? Refusal(404) : Ok(live);
    if (before_write) std::exchange(before_write, nullptr)();
    if (request.method == "DELETE") return Delete(Json::parse(request.body)["preconditions"]);
    return Apply(Json::parse(request.body), asked.back() == "PATCH dry");
  }
  Result<kube::StreamEnd> Stream(const kube::Request&, const kube::ChunkSink&) override {
    return Error{Errc::kUnavailable, "no streams here"};
  }

  Json live;                   // null: there is none
  bool serves_at_once = true;  // what is created or changed
  bool deletes_at_once = true;
  std::function<void()> before_write;  // once: what happens between a read and a write
  std::vector<std::string> asked;      // since the test last cleared it

 private:
  static kube::Response Ok(const Json& body) { return {200, body.dump(), {}}; }
  static kube::Response Refusal(int status) {
    return {status, kube::StatusJson(status, "Whatever"), {}};
  }
  bool IsOther(const Json& state) const {
    return state.value("uid", "") != live["metadata"]["uid"] ||
           state["resourceVersion"] != live["metadata"]["resourceVersion"];
  }

  kube::Response Apply(const Json& sent, bool dry) {
    if (!live.is_null() && IsOther(sent["metadata"])) return Refusal(409);
    if (live.is_null() && sent["metadata"].contains("uid")) return Refusal(409);
    Json made = live.is_null() ? api::LiveCrdSample() : live;
    if (live.is_null()) made["metadata"]["generation"] = 0;
    if (live.is_null() || made["spec"] != sent["spec"])
      made["metadata"]["generation"] = made["metadata"]["generation"].get<int>() + 1;
    made["spec"] = sent["spec"];
    made["metadata"]["annotations"] = sent["metadata"]["annotations"];
    made["metadata"]["resourceVersion"] = std::to_string(++version_);
    if (!serves_at_once) made.erase("status");
    if (!dry) live = made;
    return Ok(made);
  }

  kube::Response Delete(const Json& state) {
    if (live.is_null()) return Refusal(404);
    if (IsOther(state)) return Refusal(409);
    if (deletes_at_once)
      live = nullptr;
    else
      live["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z";
    return Ok(Json::object());
  }

  int version_ = 100;
};

}  // namespace stevedore::publish
