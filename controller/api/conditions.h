// The conditions of a route's status and their reasons, so that no string is typed twice.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace stevedore::api {

enum class ConditionType {
  kAccepted,        // enough of the route is valid to program something
  kResolvedRefs,    // every Service and port that it names exists and is usable
  kProgrammed,      // every live replica runs this generation with its listener bound
  kConflicted,      // negative: present only while True
  kPeersAvailable,  // some peer can take datagrams
};

enum class ConditionStatus { kTrue, kFalse, kUnknown };

enum class Reason {
  // Accepted
  kAccepted,
  kInvalid,           // decoded, still nonsense, or over a limit of the listener
  kUnsupportedField,  // a field that this version does not know
  kPortConflict,      // another namespace owns the port
  kPortNotPermitted,  // --listener-ports does not grant it
  kPeerNotPermitted,  // --static-peers, or an address that is never a peer
  kListenerLimit,     // --max-listeners
  // ResolvedRefs
  kResolvedRefs,
  kServiceNotFound,
  kPortNotFound,
  kUnsupportedProtocol,     // the port is not UDP
  kUnsupportedServiceType,  // ExternalName
  // Programmed
  kProgrammed,
  kPending,  // also Unknown of every positive condition on first sight
  kBindFailed,
  kProxyRejected,
  kProxyUnreachable,
  // Conflicted
  kRuleShadowed,
  kDefaultUpstreamConflict,
  kListenerSettingsConflict,
  kPortOwnedByOtherNamespace,
  // PeersAvailable
  kPeersReady,
  kNoPeers,
  kUsingBackup,
  kAllProbesFailing,
};

// The names of the API: "Accepted", "True", "ServiceNotFound".
std::string_view ToString(ConditionType type) noexcept;
std::string_view ToString(ConditionStatus status) noexcept;
std::string_view ToString(Reason reason) noexcept;

// One condition. Its type stands where it is kept; transition times belong to the status writer.
struct ConditionState {
  ConditionStatus status = ConditionStatus::kUnknown;
  Reason reason = Reason::kPending;
  std::string message;
  bool operator==(const ConditionState&) const = default;
};

}  // namespace stevedore::api
