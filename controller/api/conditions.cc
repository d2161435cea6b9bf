#include "controller/api/conditions.h"

namespace stevedore::api {

std::string_view ToString(ConditionType type) noexcept {
  switch (type) {
    case ConditionType::kAccepted:
      return "Accepted";
    case ConditionType::kResolvedRefs:
      return "ResolvedRefs";
    case ConditionType::kProgrammed:
      return "Programmed";
    case ConditionType::kConflicted:
      return "Conflicted";
    case ConditionType::kPeersAvailable:
      return "PeersAvailable";
  }
  return "";
}

std::string_view ToString(ConditionStatus status) noexcept {
  switch (status) {
    case ConditionStatus::kTrue:
      return "True";
    case ConditionStatus::kFalse:
      return "False";
    case ConditionStatus::kUnknown:
      return "Unknown";
  }
  return "";
}

std::string_view ToString(Reason reason) noexcept {
  switch (reason) {
    case Reason::kAccepted:
      return "Accepted";
    case Reason::kInvalid:
      return "Invalid";
    case Reason::kUnsupportedField:
      return "UnsupportedField";
    case Reason::kPortConflict:
      return "PortConflict";
    case Reason::kPortNotPermitted:
      return "PortNotPermitted";
    case Reason::kPeerNotPermitted:
      return "PeerNotPermitted";
    case Reason::kListenerLimit:
      return "ListenerLimit";
    case Reason::kResolvedRefs:
      return "ResolvedRefs";
    case Reason::kServiceNotFound:
      return "ServiceNotFound";
    case Reason::kPortNotFound:
      return "PortNotFound";
    case Reason::kUnsupportedProtocol:
      return "UnsupportedProtocol";
    case Reason::kUnsupportedServiceType:
      return "UnsupportedServiceType";
    case Reason::kProgrammed:
      return "Programmed";
    case Reason::kPending:
      return "Pending";
    case Reason::kBindFailed:
      return "BindFailed";
    case Reason::kProxyRejected:
      return "ProxyRejected";
    case Reason::kProxyUnreachable:
      return "ProxyUnreachable";
    case Reason::kRuleShadowed:
      return "RuleShadowed";
    case Reason::kDefaultUpstreamConflict:
      return "DefaultUpstreamConflict";
    case Reason::kListenerSettingsConflict:
      return "ListenerSettingsConflict";
    case Reason::kPortOwnedByOtherNamespace:
      return "PortOwnedByOtherNamespace";
    case Reason::kPeersReady:
      return "PeersReady";
    case Reason::kNoPeers:
      return "NoPeers";
    case Reason::kUsingBackup:
      return "UsingBackup";
    case Reason::kAllProbesFailing:
      return "AllProbesFailing";
  }
  return "";
}

}  // namespace stevedore::api
