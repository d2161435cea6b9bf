// StatusWriter: writes statuses to the API server by server-side apply, only what differs.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <utility>

#include "controller/kube/transport.h"
#include "controller/publish/fence.h"
#include "controller/publish/status_sink.h"
#include "proxy/base/backoff.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// Every write carries uid and resourceVersion of the object that it was computed from, so that it
// never lands on a newer one: a 409 is dropped, since the watch is about to bring what it
// conflicted with. A refusal delays its own route alone, a server that does not answer all of them.
// Thread: one, the counts any. Lifetime: transport and clock outlive it.
class StatusWriter final : public StatusSink {
 public:
  StatusWriter(kube::Transport& transport, const Clock& clock, Fence may_write)
      : transport_(transport), clock_(clock), may_write_(std::move(may_write)) {}

  // Writes for at most about a second, or one request's timeout, then returns false: configs must
  // not wait for statuses.
  bool Publish(const std::vector<RouteUpdate>& updates) override;

  // Writes so far that the server took, and that it did not.
  std::uint64_t written() const noexcept { return written_; }
  std::uint64_t failed() const noexcept { return failed_; }
  // Those that came too late for their object: it was changed or removed.
  std::uint64_t conflicted() const noexcept { return conflicted_; }

 private:
  // What is known of an object since its last write.
  struct Written {
    std::string uid;
    std::string resource_version;  // that the last status was computed from
    api::RouteStatus status;
    std::string outdated_version;  // one of which the server has a newer one by now
    Nanos written_at{0};
    Nanos retry_at{0};
    Backoff backoff{std::chrono::seconds(2), std::chrono::seconds(60)};
  };
  // Whether the watch has to bring something before there is anything to write.
  static bool AwaitsWatch(const Written& state, const RouteUpdate& update);
  static Nanos DueAt(const Written& state, const RouteUpdate& update);
  bool Write(const RouteUpdate& update, Written& state);
  bool Failed(const RouteUpdate& update, Written& state, const Result<kube::Response>& response);

  kube::Transport& transport_;
  const Clock& clock_;
  const Fence may_write_;
  std::map<kube::Key, Written> last_;
  Nanos silent_until_{0};  // the server did not answer: nothing is asked of it before
  std::atomic<std::uint64_t> written_{0};
  std::atomic<std::uint64_t> failed_{0};
  std::atomic<std::uint64_t> conflicted_{0};
};

}  // namespace stevedore::publish
