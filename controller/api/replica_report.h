// ReplicaReport: what one replica tells the others of its proxy: an annotation of its Lease.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "proxy/base/result.h"
#include "proxy/config/status.h"

namespace stevedore::api {

// How a proxy stands to the config that its controller has for it.
enum class ProxyState {
  kRuns,       // it runs it
  kPending,    // it was told, and has some time left
  kUnwritten,  // the config could not be written
  kLate,       // it lives, and has not run it for longer than it may take
  kRejected,   // it refused it, and runs the former one
  kSilent,     // no sign of life: what it said last counts no more
};

// "runs", "pending" and so on.
std::string_view ToString(ProxyState state) noexcept;

struct ReplicaReport {
  std::string pod;   // empty where there are no pods
  std::string node;  // empty: not known
  ProxyState proxy = ProxyState::kPending;
  std::string refusal;  // kRejected: the first error
  std::string digest;   // of the config in force; empty before the first
  // Which generations of which routes that config holds, as a digest (publish/route_set.h); empty
  // while the controller does not know.
  std::string routes;
  // The same over all routes of the class, accepted there or not: by it replicas recognise each
  // other although their versions or flags judge some routes differently. `refused` tells which.
  std::string picture;
  std::vector<std::string> refused;  // "namespace/name" of routes that are not accepted there
  std::map<std::string, std::string> unbound;  // listeners in force that are not bound: the error
  // By name. Decoded: only those with a peer that fails its probe, or that use their backup.
  std::map<std::string, config::UpstreamStatus> upstreams;
  int listeners_cut = 0;  // unbound ones beyond what fits
  int upstreams_cut = 0;
  int refused_cut = 0;
  bool operator==(const ReplicaReport&) const = default;
};

// The longest text of a report, in bytes: what all annotations of an object may take is 256 KiB.
inline constexpr std::size_t kMaxReportBytes = 32 * std::size_t{1024};

// JSON text of at most kMaxReportBytes: listeners first, then upstreams that fail, then refused
// routes; what does not fit is counted.
std::string EncodeReport(const ReplicaReport& report);
// Errors: kInvalid, the text is no report, or of another version. Unknown fields are ignored; an
// unknown state of the proxy reads as kPending.
Result<ReplicaReport> DecodeReport(std::string_view text);

}  // namespace stevedore::api
