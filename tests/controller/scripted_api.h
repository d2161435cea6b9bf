// ScriptedApi: as much of an API server as the controller sees, in memory and on loopback: lists,
// watches and applied statuses, with faults on demand.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "tests/controller/kube/scripted_server.h"

namespace stevedore {

// Thread: any. Resources go by the last part of their path: "stevedoreroutes".
class ScriptedApi {
 public:
  using Json = nlohmann::json;

  ScriptedApi() {
    server_ = std::make_unique<kube::ScriptedServer>(
        [this](kube::ServerConnection& connection, const std::string& request) {
          return Serve(connection, request);
        });
  }
  ~ScriptedApi() {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
    }
    changed_.notify_all();
    server_.reset();
  }
  ScriptedApi(const ScriptedApi&) = delete;
  ScriptedApi& operator=(const ScriptedApi&) = delete;

  // A kubeconfig that leads here.
  std::string Kubeconfig() const {
    return "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
           "clusters: [{name: c, cluster: {server: \"http://127.0.0.1:" +
           std::to_string(server_->port()) +
           "\"}}]\nusers: [{name: u, user: {token: t}}]\n"
           "contexts: [{name: c, context: {cluster: c, user: u, namespace: ours}}]\n";
  }

  // Adds or replaces an object; sets its resourceVersion and, when it is new, its uid.
  void Put(const std::string& resource, Json object) {
    const std::lock_guard lock(mutex_);
    Store(resource, std::move(object));
  }
  // Null when there is none.
  Json Get(const std::string& resource, const std::string& name) {
    const std::lock_guard lock(mutex_);
    return objects_[resource].contains(name) ? objects_[resource][name] : Json();
  }
  // Lists and watches of the resource are answered by this status; 0: as they should be.
  void Refuse(const std::string& resource, int status) {
    const std::lock_guard lock(mutex_);
    refused_[resource] = status;
    changed_.notify_all();
  }
  // The next applied status is answered by this status, and `before` is called first.
  void RefuseNextApply(int status, std::function<void()> before = {}) {
    const std::lock_guard lock(mutex_);
    apply_refusals_.emplace_back(status, std::move(before));
  }
  // Bodies of all statuses that were sent, refused ones included.
  std::vector<Json> applied() {
    const std::lock_guard lock(mutex_);
    return applied_;
  }
  // Bodies of all Kubernetes Events, created or patched.
  std::vector<Json> told() {
    const std::lock_guard lock(mutex_);
    return told_;
  }
  // Request lines.
  std::vector<std::string> requests() { return server_->requests(); }

 private:
  bool Serve(kube::ServerConnection& connection, const std::string& request) {
    const std::string target =
        request.substr(request.find(' ') + 1, request.find(" HTTP/") - request.find(' ') - 1);
    const std::string path = target.substr(0, target.find('?'));
    if (path.find("/events") != std::string::npos) return Tell(connection, request);
    if (request.starts_with("PATCH ")) return Apply(connection, request);
    if (request.starts_with("PUT ") || request.starts_with("POST ") ||
        path.find("/leases/") != std::string::npos)
      return Keep(connection, request, path);
    const std::string resource = path.substr(path.rfind('/') + 1);
    if (resource == "v1") return connection.Write(kube::Answer(200, "{}"));
    if (const int refused = RefusalOf(resource); refused != 0)
      return connection.Write(kube::Answer(refused, "no"));
    if (target.find("sendInitialEvents=") != std::string::npos)
      return connection.Write(kube::Answer(422, "no"));
    if (target.find("watch=1") != std::string::npos)
      return Watch(connection, resource, VersionIn(target));
    return List(connection, resource);
  }

  int RefusalOf(const std::string& resource) {
    const std::lock_guard lock(mutex_);
    return refused_[resource];
  }
  static long VersionIn(const std::string& target) {
    const std::size_t at = target.find("resourceVersion=");
    return at == std::string::npos ? 0 : std::stol(target.substr(at + 16));
  }

  bool List(kube::ServerConnection& connection, const std::string& resource) {
    const std::lock_guard lock(mutex_);
    Json list = {{"metadata", {{"resourceVersion", std::to_string(version_)}}},
                 {"items", Json::array()}};
    for (const auto& [name, object] : objects_[resource]) list["items"].push_back(object);
    return connection.Write(kube::Answer(200, list.dump()));
  }

  bool Watch(kube::ServerConnection& connection, const std::string& resource, long version) {
    if (!connection.Write(kube::kChunkedHead)) return false;
    std::unique_lock lock(mutex_);
    while (!stopping_ && refused_[resource] == 0) {
      for (const auto& [at, line] : events_[resource])
        if (at > version && !connection.Write(kube::Chunk(line))) return false;
      version = version_;
      changed_.wait(lock);
    }
    return false;
  }

  bool Apply(kube::ServerConnection& connection, const std::string& request) {
    const Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
    std::pair<int, std::function<void()>> refusal{0, {}};
    {
      const std::lock_guard lock(mutex_);
      applied_.push_back(body);
      if (!apply_refusals_.empty()) {
        refusal = std::move(apply_refusals_.front());
        apply_refusals_.erase(apply_refusals_.begin());
      }
    }
    if (refusal.second) refusal.second();
    if (refusal.first != 0) return connection.Write(kube::Answer(refusal.first, "no"));
    const std::lock_guard lock(mutex_);
    auto& routes = objects_["stevedoreroutes"];
    const auto found = routes.find(body["metadata"]["name"]);
    if (found == routes.end()) return connection.Write(kube::Answer(404, "no"));
    Json object = found->second;
    if (object["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"])
      return connection.Write(kube::Answer(409, "no"));
    object["status"] = body["status"];
    return connection.Write(kube::Answer(200, Store("stevedoreroutes", std::move(object)).dump()));
  }

  // GET, POST, PUT and DELETE of single Leases.
  bool Keep(kube::ServerConnection& connection, const std::string& request,
            const std::string& path) {
    const std::lock_guard lock(mutex_);
    if (const int refused = refused_["leases"]; refused != 0)
      return connection.Write(kube::Answer(refused, "no"));
    auto& leases = objects_["leases"];
    if (request.starts_with("GET ")) {
      const auto found = leases.find(path.substr(path.rfind('/') + 1));
      if (found == leases.end()) return connection.Write(kube::Answer(404, "no"));
      return connection.Write(kube::Answer(200, found->second.dump()));
    }
    if (request.starts_with("DELETE ")) {
      const bool there = leases.erase(path.substr(path.rfind('/') + 1)) > 0;
      return connection.Write(kube::Answer(there ? 200 : 404, "{}"));
    }
    Json body = Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false);
    const auto found = leases.find(body["metadata"]["name"]);
    const Json none;
    const Json& version =
        found == leases.end() ? none : found->second["metadata"]["resourceVersion"];
    if (body["metadata"].value("resourceVersion", Json()) != version)
      return connection.Write(kube::Answer(409, "no"));
    return connection.Write(kube::Answer(200, Store("leases", std::move(body)).dump()));
  }

  bool Tell(kube::ServerConnection& connection, const std::string& request) {
    const std::lock_guard lock(mutex_);
    told_.push_back(Json::parse(request.substr(request.find("\r\n\r\n") + 4), nullptr, false));
    return connection.Write(kube::Answer(request.starts_with("POST ") ? 201 : 200, "{}"));
  }

  // Returns the object as it is stored. REQUIRES: mutex_ held.
  Json Store(const std::string& resource, Json object) {
    auto& objects = objects_[resource];
    const std::string name = object["metadata"]["name"];
    const bool is_new = !objects.contains(name);
    ++version_;
    object["metadata"]["resourceVersion"] = std::to_string(version_);
    if (!object["metadata"].contains("uid"))
      object["metadata"]["uid"] = "uid-" + std::to_string(version_);
    objects[name] = object;
    const Json event = {{"type", is_new ? "ADDED" : "MODIFIED"}, {"object", object}};
    events_[resource].emplace_back(version_, event.dump() + "\n");
    changed_.notify_all();
    return object;
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopping_ = false;
  long version_ = 1000;
  std::map<std::string, std::map<std::string, Json>> objects_;
  std::map<std::string, std::vector<std::pair<long, std::string>>> events_;
  std::map<std::string, int> refused_;
  std::vector<std::pair<int, std::function<void()>>> apply_refusals_;
  std::vector<Json> applied_;
  std::vector<Json> told_;
  std::unique_ptr<kube::ScriptedServer> server_;
};

}  // namespace stevedore
