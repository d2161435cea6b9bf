// LeaderElection: which of several replicas holds a Lease, by client-go's rules. Pure: it is told
// what the API server answered and when, and says what to write.
// Source: client-go tools/leaderelection.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>

#include "controller/api/lease.h"
#include "proxy/base/clock.h"
#include "proxy/base/result.h"

namespace stevedore::publish {

// REQUIRES: lease_duration > renew_deadline > 1.2 retry, and lease_duration is whole seconds.
struct LeaderTiming {
  Nanos lease_duration = std::chrono::seconds(15);  // others leave the Lease alone for so long
  Nanos renew_deadline = std::chrono::seconds(10);  // the holder writes no longer without renewal
  Nanos retry = std::chrono::seconds(2);
};

// The clocks of others are never compared with ours: what counts is how long ago, by our clock, we
// saw the record change. All times are of one monotonic clock.
// Thread: one.
class LeaderElection {
 public:
  // `identity` is unique to this process.
  LeaderElection(kube::Key lease, std::string identity, LeaderTiming timing = {});

  // Whether the Lease must be read before anything is written. A holder writes from what its own
  // last write returned.
  bool needs_read() const noexcept { return !held_ || uncertain_; }
  // The answer to a read, at `now`. Every failure but kNotFound leaves all as it is.
  void Read(const Result<api::Lease>& answer, Nanos now);

  // The Lease to write now: ours anew, a free one or one that ran out; to be created where it has
  // no resourceVersion. Nothing while another holds it. `wall` is the time as MicroTime.
  std::optional<api::Lease> Wanted(Nanos now, const std::string& wall) const;
  // The answer to that write; `sent` is a moment before its request.
  void Wrote(const Result<api::Lease>& answer, Nanos sent, Nanos now);

  // Whether we hold it, and renewed it within the deadline.
  bool MayWrite(Nanos now) const noexcept { return now < writes_until(); }
  // When MayWrite() turns false if nothing happens; 0 when we do not hold the Lease.
  Nanos writes_until() const noexcept;

  // How long to wait before the next read or write; `random` in [0,1).
  Nanos Delay(Nanos now, double random) const noexcept;

  // The Lease to write at the end, which gives it to the next one at once. Nothing unless we hold
  // it and nothing has to be read before.
  std::optional<api::Lease> Released(const std::string& wall) const;

  // As last seen; empty: nobody.
  const std::string& holder() const noexcept { return observed_.holder; }

 private:
  void Observe(const api::Lease& lease, Nanos now);
  Nanos RunsOutAt() const noexcept;

  const kube::Key key_;
  const std::string identity_;
  const LeaderTiming timing_;
  api::Lease observed_;    // without a resourceVersion while there is none on the server
  Nanos changed_at_{0};    // when we saw its record change
  bool uncertain_ = true;  // the server may have a newer one than observed_
  bool held_ = false;      // our write made it, and nobody else's is known
  Nanos renewed_at_{0};    // when our last write that succeeded was sent
};

// POD_UUID: a pod that starts again is another one.
std::string NewLeaderIdentity(const std::string& pod);

}  // namespace stevedore::publish
