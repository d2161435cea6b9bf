// LeaseClient: reads and writes single Leases. Requests are exempt from the client's rate limit,
// because a renewal that waits behind a thousand statuses is no renewal.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <stop_token>
#include <string>

#include "controller/api/lease.h"
#include "controller/kube/transport.h"
#include "proxy/base/result.h"

namespace stevedore::publish {

// Thread: any. Lifetime: the transport outlives it.
// Errors of all calls: kNotFound, there is no such Lease (Create: no such namespace); kConflict, it
// is newer than what was written from (Create: it exists); kDenied, 401 or 403; kInvalid, the
// server calls the Lease wrong, or answers none; kUnavailable, no answer, 429 or 5xx. After
// kUnavailable a write may have been done or not: read again.
class LeaseClient {
 public:
  static constexpr std::chrono::milliseconds kTimeout{5000};

  // `timeout` is that of each whole request.
  explicit LeaseClient(kube::Transport& transport, std::chrono::milliseconds timeout = kTimeout)
      : transport_(transport), timeout_(timeout) {}

  Result<api::Lease> Get(const kube::Key& key, std::stop_token stop = {});
  // Each returns the Lease as the server has it then. `stop` ends the call early.
  Result<api::Lease> Create(const api::Lease& lease, std::stop_token stop = {});
  // REQUIRES: lease.resource_version, of the Lease that it was made from.
  Result<api::Lease> Update(const api::Lease& lease, std::stop_token stop = {});
  Result<> Delete(const kube::Key& key, std::stop_token stop = {});

 private:
  Result<kube::Response> Send(kube::Request request, std::stop_token stop);
  Result<api::Lease> Do(kube::Request request, std::stop_token stop);

  kube::Transport& transport_;
  const std::chrono::milliseconds timeout_;
};

// "/apis/coordination.k8s.io/v1/namespaces/NS/leases"
std::string LeasesPath(const std::string& ns);

}  // namespace stevedore::publish
