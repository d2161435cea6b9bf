// StatusWriter: writes statuses to the API server by server-side apply, only what differs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "controller/kube/transport.h"
#include "controller/publish/status_sink.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Every write carries uid and resourceVersion of the object that it was computed from, so that it
// never lands on a newer one: a 409 is dropped, since the watch is about to bring what it
// conflicted with. Thread: one. Lifetime: transport and clock outlive it.
class StatusWriter final : public StatusSink {
 public:
  StatusWriter(kube::Transport& transport, const Clock& clock)
      : transport_(transport), clock_(clock) {}

  bool Publish(const std::vector<RouteUpdate>& updates) override;

  // Writes so far that the server took, and that it did not.
  std::uint64_t written() const noexcept { return written_; }
  std::uint64_t failed() const noexcept { return failed_; }

 private:
  // What was written last for an object, until the watch shows it.
  struct Written {
    std::string uid;
    std::string resource_version;  // that it was computed from
    api::RouteStatus status;
    Nanos retry_at{0};
  };
  bool Write(const RouteUpdate& update, Written& state);

  kube::Transport& transport_;
  const Clock& clock_;
  std::map<kube::Key, Written> last_;
  std::uint64_t written_ = 0;
  std::uint64_t failed_ = 0;
};

}  // namespace stevedore::publish
