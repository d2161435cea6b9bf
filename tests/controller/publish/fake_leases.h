// FakeLeases: a server of Leases in memory: GET, POST and PUT with versions, as the real one.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "controller/api/lease.h"
#include "controller/kube/transport.h"

namespace stevedore::publish {

// Thread: any.
class FakeLeases final : public kube::Transport {
 public:
  Result<kube::Response> Do(const kube::Request& request) override {
    const std::lock_guard lock(mutex_);
    requests_.push_back(request.method);
    if (silent_) return Error{Errc::kUnavailable, "no answer"};
    if (refusal_ != 0) return kube::Response{refusal_, "refused", {}};
    if (request.method == "GET") {
      const auto found = leases_.find(request.path.substr(request.path.rfind('/') + 1));
      if (found == leases_.end()) return kube::Response{404, "no", {}};
      return kube::Response{200, api::EncodeLease(found->second), {}};
    }
    const auto lease = api::DecodeLease(request.body);
    if (!lease) return kube::Response{400, "no", {}};
    const auto found = leases_.find(lease->key.name);
    const bool create = request.method == "POST";
    if (create
            ? found != leases_.end()
            : found == leases_.end() || found->second.resource_version != lease->resource_version)
      return kube::Response{409, "no", {}};
    return kube::Response{200, api::EncodeLease(Store(*lease)), {}};
  }
  Result<kube::StreamEnd> Stream(const kube::Request&, const kube::ChunkSink&) override {
    return Error{Errc::kUnavailable, "no streams here"};
  }

  void Put(const api::Lease& lease) {
    const std::lock_guard lock(mutex_);
    Store(lease);
  }
  // An empty one when there is none.
  api::Lease Get(const std::string& name) {
    const std::lock_guard lock(mutex_);
    return leases_.contains(name) ? leases_[name] : api::Lease();
  }
  void Remove(const std::string& name) {
    const std::lock_guard lock(mutex_);
    leases_.erase(name);
  }
  // All requests are answered by this status; 0: as they should be.
  void Refuse(int status) {
    const std::lock_guard lock(mutex_);
    refusal_ = status;
  }
  void BeSilent(bool silent) {
    const std::lock_guard lock(mutex_);
    silent_ = silent;
  }
  // Methods, in order.
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  const api::Lease& Store(api::Lease lease) {
    lease.resource_version = std::to_string(++version_);
    return leases_[lease.key.name] = std::move(lease);
  }

  std::mutex mutex_;
  std::map<std::string, api::Lease> leases_;
  std::vector<std::string> requests_;
  int version_ = 0;
  int refusal_ = 0;
  bool silent_ = false;
};

}  // namespace stevedore::publish
