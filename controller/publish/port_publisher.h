// PortPublisher: keeps the ports of the Service in front of the proxies in step with the listeners,
// where there is somebody to do so.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include "controller/api/service.h"
#include "controller/kube/object_meta.h"

namespace stevedore::publish {

// For metrics.
struct PortNumbers {
  std::uint64_t written = 0;  // applies that the server took
  std::uint64_t failed = 0;   // that it did not, conflicts included
  std::size_t published = 0;  // wanted ports that the Service lists
  std::size_t missing = 0;    // that it does not
};

// Thread: one, the sync loop's.
class PortPublisher {
 public:
  virtual ~PortPublisher() = default;

  virtual const kube::Key& service() const = 0;
  // To be called at every turn of the loop: it writes only when something differs and it is time.
  // `wanted`: the listeners' ports; `live`: the Service, null when it does not exist. True when
  // some ProblemOf() has changed.
  virtual bool Publish(const std::set<std::int64_t>& wanted,
                       const std::shared_ptr<const api::Service>& live) = 0;
  // Why clients do not reach that port by the Service; empty: they do, or are about to.
  virtual std::string ProblemOf(std::int64_t port) const = 0;
};

}  // namespace stevedore::publish
