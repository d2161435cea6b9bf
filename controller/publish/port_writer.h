// PortWriter: writes the ports of the published Service by server-side apply, never by force.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "controller/kube/transport.h"
#include "controller/publish/fence.h"
#include "controller/publish/port_plan.h"
#include "controller/publish/port_publisher.h"
#include "proxy/base/backoff.h"
#include "proxy/base/clock.h"

namespace stevedore::publish {

// A refusal for want of something (no nodePort is left) costs only the ports that are too many: it
// adds half as many, down to one, and asks for one that is refused alone again a minute later.
// Thread: one, but numbers() any. Lifetime: transport and clock outlive it.
class PortWriter final : public PortPublisher {
 public:
  PortWriter(kube::Transport& transport, const Clock& clock, kube::Key service, Fence may_write)
      : transport_(transport),
        clock_(clock),
        service_(std::move(service)),
        may_write_(std::move(may_write)) {}

  const kube::Key& service() const override { return service_; }
  bool Publish(const std::set<std::int64_t>& wanted,
               const std::shared_ptr<const api::Service>& live) override;
  std::string ProblemOf(std::int64_t port) const override;

  PortNumbers numbers() const;

 private:
  struct Refusal {
    std::string why;
    std::string version;  // a conflict: holds for this version of the Service only
    Nanos until{0};       // otherwise
  };

  void Forget(const api::Service* live, Nanos now);
  void Write(const PlannedPorts& plan, const api::Service& live);
  void Taken(const PlannedPorts& plan);
  void Conflicted(const std::vector<std::pair<std::int64_t, std::string>>& conflicts,
                  const api::Service& live);
  void Failed(const PlannedPorts& plan, const Result<kube::Response>& response, bool silent_before);
  void Explain(const std::set<std::int64_t>& wanted, const api::Service* live,
               const PlannedPorts& plan);

  kube::Transport& transport_;
  const Clock& clock_;
  const kube::Key service_;
  const Fence may_write_;

  PortPlan plan_;
  std::map<std::int64_t, Refusal> refusals_;
  std::size_t max_new_ = SIZE_MAX;
  std::string uid_;   // of the Service seen last
  std::string done_;  // the body that needs no other answer: taken, or of a version that is over
  Nanos next_{0};     // no write before
  Backoff backoff_{std::chrono::seconds(1), std::chrono::seconds(15)};
  std::string error_;                             // of the last write; empty: it went well
  std::map<std::int64_t, std::string> problems_;  // of wanted ports
  std::string told_;                              // in the log
  bool silent_ = false;                           // there was no answer

  mutable std::mutex mutex_;
  PortNumbers numbers_;
};

}  // namespace stevedore::publish
