// DropLog: says in the log, rarely, that datagrams are being dropped for want of something an
// operator can give.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "proxy/base/rate_limit.h"
#include "proxy/report/traffic_book.h"

namespace stevedore::control {

// Thread: one.
class DropLog {
 public:
  // Compares with the totals of the last call; one line per listener and reason every ten seconds
  // at most.
  void Look(const std::map<std::string, report::ListenerTotals>& totals, Nanos now);

 private:
  struct Seen {
    std::uint64_t told = 0;
    RateLimit limit{std::chrono::seconds(10)};
  };
  std::map<std::pair<std::string, std::string>, Seen> seen_;  // by listener and reason
};

}  // namespace stevedore::control
