#include "proxy/config/seed_paths.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <vector>

#include "proxy/config/field_path.h"

namespace stevedore::config {
namespace {

// In the ancestor's path %0 and %1 stand for the first and second index of the native one.
constexpr std::array<std::pair<std::string_view, std::string_view>, 33> kFields = {{
    {"listeners", "Server"},
    {"listeners[]", "Server"},
    {"listeners[].name", "Server.ListenAddr"},
    {"listeners[].address", "Server.ListenAddr"},
    {"listeners[].port", "Server.ListenAddr"},
    {"listeners[].maxTries", "Server.MaxTryTimes"},
    {"listeners[].session", "Session"},
    {"listeners[].session.idleTimeoutSeconds", "Session.TimeoutSec"},
    {"listeners[].defaultUpstream", "Upload.DefaultUpstream"},
    {"listeners[].rules", "Upload.Routes"},
    {"listeners[].rules[]", "Upload.Routes[%1]"},
    {"listeners[].rules[].upstream", "Upload.Routes[%1].Upstream"},
    {"listeners[].rules[].match[].start", "Upload.Routes[%1].KeyBytes"},
    {"listeners[].rules[].match[].end", "Upload.Routes[%1].KeyBytes"},
    {"listeners[].rules[].match[].operator", "Upload.Routes[%1].Operator"},
    {"listeners[].rules[].match[].value", "Upload.Routes[%1].Value"},
    {"upstreams", "Upload.Upstreams"},
    {"upstreams[]", "Upload.Upstreams[%0]"},
    {"upstreams[].name", "Upload.Upstreams[%0].Name"},
    {"upstreams[].algorithm", "Upload.Upstreams[%0].Type"},
    {"upstreams[].hashKey", "Upload.Upstreams[%0].KeyBytes"},
    {"upstreams[].healthCheck", "Upload.Upstreams[%0].HealthChecker"},
    {"upstreams[].healthCheck.periodSeconds",
     "Upload.Upstreams[%0].HealthChecker.HeartbeatIntervalSec"},
    {"upstreams[].healthCheck.timeoutSeconds",
     "Upload.Upstreams[%0].HealthChecker.HeartbeatTimeoutSec"},
    {"upstreams[].healthCheck.successThreshold", "Upload.Upstreams[%0].HealthChecker.SuccessTimes"},
    {"upstreams[].healthCheck.failureThreshold", "Upload.Upstreams[%0].HealthChecker.FailedTimes"},
    {"upstreams[].peers", "Upload.Upstreams[%0].Peers"},
    {"upstreams[].backupPeers", "Upload.Upstreams[%0].Peers"},
    {"upstreams[].peers[]", "Upload.Upstreams[%0].Peers[%1]"},
    {"upstreams[].backupPeers[]", "Upload.Upstreams[%0].Peers[%1]"},
    {"upstreams[].peers[].address", "Upload.Upstreams[%0].Peers[%1].IP"},
    {"upstreams[].peers[].port", "Upload.Upstreams[%0].Peers[%1].Port"},
    {"upstreams[].peers[].weight", "Upload.Upstreams[%0].Peers[%1].Weight"},
}};

// The path without its indices, which go to `indices`.
std::string Pattern(std::string_view path, std::vector<std::size_t>& indices) {
  std::string pattern;
  while (!path.empty()) {
    const std::size_t open = path.find('[');
    pattern += path.substr(0, open);
    if (open == std::string_view::npos) break;
    const std::size_t close = path.find(']', open);
    if (close == std::string_view::npos) break;
    std::size_t index = 0;
    std::from_chars(path.data() + open + 1, path.data() + close, index);
    indices.push_back(index);
    pattern += "[]";
    path.remove_prefix(close + 1);
  }
  return pattern;
}

std::string_view Find(std::string_view pattern) {
  for (const auto& [native, seed] : kFields)
    if (native == pattern) return seed;
  return {};
}

}  // namespace

void SeedPaths::AddPeer(std::size_t upstream, bool backup, std::size_t native_index,
                        std::size_t seed_index) {
  (backup ? backup_peers_ : peers_)[{upstream, native_index}] = seed_index;
}

std::string SeedPaths::ToSeed(std::string_view native) const {
  std::vector<std::size_t> indices;
  std::string pattern = Pattern(native, indices);
  indices.resize(std::max<std::size_t>(indices.size(), 2));
  constexpr std::string_view kBackup = "upstreams[].backupPeers[]";
  const bool backup = pattern.starts_with(kBackup);
  if (backup || pattern.starts_with("upstreams[].peers[]")) {
    const auto& known = backup ? backup_peers_ : peers_;
    const auto found = known.find({indices[0], indices[1]});
    if (found != known.end()) indices[1] = found->second;
  }
  if (backup) pattern.replace(0, kBackup.size(), "upstreams[].peers[]");
  std::string_view shape = pattern;
  while (!shape.empty() && Find(shape).empty()) shape = ParentPath(shape);
  std::string result(Find(shape));
  for (const std::size_t i : {0u, 1u}) {
    const std::size_t mark = result.find('%' + std::to_string(i));
    if (mark != std::string::npos) result.replace(mark, 2, std::to_string(indices[i]));
  }
  return result;
}

}  // namespace stevedore::config
