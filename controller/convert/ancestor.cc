#include "controller/convert/ancestor.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <variant>

#include "controller/convert/names.h"
#include "proxy/config/json_tree.h"
#include "proxy/config/load.h"

namespace stevedore::convert {
namespace {

// The node at "Upload.Upstreams[0].KeyBytes"; null when there is none.
const config::JsonNode* At(const config::JsonNode& root, std::string_view path) {
  const config::JsonNode* node = &root;
  while (node != nullptr && !path.empty()) {
    const std::size_t end = std::min(path.find_first_of(".["), path.size());
    if (end > 0) node = node->Find(path.substr(0, end));
    path.remove_prefix(end);
    if (node != nullptr && path.starts_with('[')) {
      std::size_t index = 0;
      const std::size_t close = std::min(path.find(']'), path.size() - 1);
      std::from_chars(path.data() + 1, path.data() + close, index);
      node = index < node->children.size() ? &node->children[index] : nullptr;
      path.remove_prefix(close + 1);
    }
    if (path.starts_with('.')) path.remove_prefix(1);
  }
  return node;
}

std::string NameOf(const std::string& file) {
  return Label(std::filesystem::path(file).stem().string());
}

class Ancestor {
 public:
  Ancestor(const Input& input, const std::string& ns, Conversion& into)
      : input_(input),
        into_(into),
        draft_{{input.file, "", ""}, {ns, NameOf(input.file)}, {}, {}} {}

  void Read() {
    const config::Loaded loaded = config::Load(input_.text);
    for (const config::FieldError& error : loaded.errors)
      into_.errors.push_back({PlaceOf(error), "", error.message});
    if (!loaded.config) return;
    const auto parsed = config::ParseJson(input_.text);
    for (const config::FieldError& note : loaded.notes) {
      const config::JsonNode* node = At(std::get<config::JsonNode>(parsed), note.path);
      into_.losses.push_back(
          {PlaceOf(note), node != nullptr ? config::Describe(*node) : "", note.message});
    }
    const config::Listener& listener = (*loaded.config)->listeners.front();
    ReadListener(listener);
    for (const config::Upstream& upstream : (*loaded.config)->upstreams) ReadUpstream(upstream);
    draft_.spec.default_upstream = UpstreamOf(listener.default_upstream);
    for (config::Rule rule : listener.rules) {
      rule.upstream = UpstreamOf(rule.upstream);
      draft_.spec.rules.push_back(std::move(rule));
    }
    TellPeers();
    into_.routes.push_back(std::move(draft_));
  }

 private:
  Place PlaceOf(const config::FieldError& error) const {
    return {input_.file, error.line > 0 ? "line " + std::to_string(error.line) : "", error.path};
  }

  void ReadListener(const config::Listener& listener) {
    draft_.spec.listener.port = listener.port;
    draft_.spec.listener.max_tries = listener.max_tries;
    draft_.spec.session.idle_timeout_seconds = listener.session.idle_timeout_seconds;
    const auto ip = config::IpAddress::Parse(listener.address);
    if (ip && !ip->is_unspecified()) {
      draft_.spec.listener.address = listener.address;
      draft_.decisions.push_back("At " + listener.address +
                                 " alone, which the proxy's host has to have: leave the address "
                                 "out to listen at all of them.");
    } else if (ip && *ip == config::IpAddress::V4(0)) {
      draft_.decisions.push_back("At all addresses, those of IPv6 too.");
    }
  }

  void ReadUpstream(const config::Upstream& upstream) {
    const std::string label = UniqueLabel(UpstreamLabel(upstream.name), labels_);
    names_[upstream.name] = label;
    if (label != upstream.name)
      draft_.decisions.push_back("Upstream " + config::Quote(upstream.name) + " is called \"" +
                                 label + "\": names have lower case letters, digits and hyphens.");
    const bool all_backup = upstream.peers.empty() && !upstream.backup_peers.empty();
    if (upstream.peers.empty() && !all_backup) {
      names_[upstream.name] = config::kDeny;
      into_.losses.push_back(
          {draft_.origin, config::Quote(upstream.name),
           "an upstream without peers: what it would get is dropped by \"deny\""});
      return;
    }
    api::UpstreamSpec& spec = draft_.spec.upstreams.emplace_back();
    spec.name = label;
    spec.algorithm = upstream.algorithm;
    spec.hash_key = upstream.hash_key;
    // Left out means None with ConsistentHash.
    if (upstream.algorithm == config::Algorithm::kRoundRobin) spec.affinity = upstream.affinity;
    spec.primary.peers = all_backup ? upstream.backup_peers : upstream.peers;
    if (all_backup)
      draft_.decisions.push_back("Upstream \"" + label +
                                 "\" had backup peers alone: they are its peers.");
    else if (!upstream.backup_peers.empty())
      spec.backup.emplace().peers = upstream.backup_peers;
    spec.health_check = upstream.health_check;
  }

  // The new name of an upstream, or "deny".
  std::string UpstreamOf(const std::string& name) const {
    const auto found = names_.find(name);
    return found == names_.end() ? config::kDeny : found->second;
  }

  void TellPeers() {
    std::set<std::string> addresses;
    for (const api::UpstreamSpec& upstream : draft_.spec.upstreams) {
      for (const config::Peer& peer : upstream.primary.peers) addresses.insert(peer.address);
      if (upstream.backup)
        for (const config::Peer& peer : upstream.backup->peers) addresses.insert(peer.address);
    }
    std::string list;
    for (const std::string& address : addresses) list += (list.empty() ? "" : ",") + address;
    const std::string text =
        "the peers are addresses, which a cluster refuses unless the controller has "
        "--static-peers " +
        list + " (the chart's controller.staticPeers), or ranges that hold them";
    into_.notes.push_back({draft_.origin, "", text});
    draft_.decisions.push_back("Needs --static-peers " + list +
                               " (the chart's controller.staticPeers).");
  }

  const Input& input_;
  Conversion& into_;
  Draft draft_;
  std::set<std::string> labels_;
  std::map<std::string, std::string> names_;
};

}  // namespace

void ReadAncestor(const Input& input, const std::string& ns, Conversion& into) {
  Ancestor(input, ns, into).Read();
}

}  // namespace stevedore::convert
