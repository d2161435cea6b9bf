#include "proxy/config/seed_decode.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>
#include <utility>

#include "proxy/config/address.h"
#include "proxy/config/checks.h"
#include "proxy/config/enum_names.h"
#include "proxy/config/json_fields.h"

namespace stevedore::config {
namespace {

constexpr std::string_view kNoQueues = "ignored: the proxy has no such queue";
constexpr std::string_view kNoTasks = "ignored: the proxy has no task pool";

struct Range {
  std::int64_t start = 0;
  std::int64_t end = 0;
};

// "4:6"; numbers beyond the limits are for the validator.
std::optional<Range> ParseRange(std::string_view text) {
  Range range;
  const char* const end = text.data() + text.size();
  const auto [colon, error] = std::from_chars(text.data(), end, range.start);
  if (error != std::errc{} || colon == end || *colon != ':') return std::nullopt;
  const auto [rest, end_error] = std::from_chars(colon + 1, end, range.end);
  if (end_error != std::errc{} || rest != end) return std::nullopt;
  return range;
}

class SeedReader {
 public:
  SeedReader(Decoded& out, SeedForm& form) : out_(out), form_(form) {}

  void Read(const JsonNode& root) {
    Fields fields(root, FieldPath(), out_.errors);
    Listener& listener = out_.config.listeners.emplace_back();
    listener.name = "listener-1";
    fields.Object(
        "Server",
        [&](const JsonNode& node, const FieldPath& path) { ReadServer(node, path, listener); },
        Need::kRequired);
    fields.Object("Session", [&](const JsonNode& node, const FieldPath& path) {
      Fields session(node, path, out_.errors);
      session.Integer("TimeoutSec", listener.session.idle_timeout_seconds);
      Ignore(session, path, "RecycleIntervalSec", "ignored: sessions expire on time without it");
      session.RefuseOthers();
    });
    fields.Object(
        "Upload",
        [&](const JsonNode& node, const FieldPath& path) { ReadUpload(node, path, listener); },
        Need::kRequired);
    Ignore(fields, FieldPath(), "PProf", "ignored: metrics are served at --metrics-address");
    Ignore(fields, FieldPath(), "Log", "ignored: logging is set by --log-level and --log-format");
    fields.RefuseOthers();
  }

 private:
  void Ignore(Fields& fields, const FieldPath& path, std::string_view name,
              std::string_view reason) {
    if (const JsonNode* node = fields.Get(name)) Note(*node, path.Field(name), std::string(reason));
  }

  void Note(const JsonNode& node, const FieldPath& path, std::string message) {
    out_.notes.push_back({path.ToString(), std::move(message), node.line});
  }

  void ReadServer(const JsonNode& node, const FieldPath& path, Listener& listener) {
    Fields fields(node, path, out_.errors);
    std::string address;
    fields.Text("ListenAddr", address, Need::kRequired);
    if (const auto parsed = SocketAddress::Parse(address)) {
      listener.address = parsed->ip.ToString();
      listener.port = parsed->port;
    } else if (const JsonNode* given = fields.Get("ListenAddr");
               given != nullptr && given->kind == JsonNode::Kind::kText) {
      fields.Report("ListenAddr", Quote(address) +
                                      ": must be ADDRESS:PORT with an IP address, \":PORT\" for "
                                      "every address");
    }
    fields.Integer("MaxTryTimes", listener.max_tries);
    Ignore(fields, path, "ListenParallel", "ignored: the number of workers is set by --workers");
    Ignore(fields, path, "EventSize", kNoQueues);
    Ignore(fields, path, "EventChanSize", kNoQueues);
    Ignore(fields, path, "BatchSize", "ignored: the size of a batch is fixed");
    Ignore(fields, path, "BufSize", "ignored: datagrams up to 65535 bytes are carried");
    Ignore(fields, path, "TaskPoolSize", kNoTasks);
    Ignore(fields, path, "TaskPoolTimeoutSec", kNoTasks);
    fields.RefuseOthers();
  }

  void ReadUpload(const JsonNode& node, const FieldPath& path, Listener& listener) {
    Fields fields(node, path, out_.errors);
    fields.List("Upstreams", [&](const JsonNode& item, const FieldPath& at) {
      ReadUpstream(item, at, out_.config.upstreams.emplace_back());
    });
    names_.insert(kDeny);
    for (const Upstream& upstream : out_.config.upstreams) names_.insert(upstream.name);
    fields.Text("DefaultUpstream", listener.default_upstream);
    if (!names_.contains(listener.default_upstream))
      Say(path.Field("DefaultUpstream"),
          Quote(listener.default_upstream) +
              ": no upstream has this name: the ancestor dropped what came here; write \"deny\" "
              "for that, or the name of an upstream");
    fields.List("Routes", [&](const JsonNode& item, const FieldPath& at) {
      Rule& rule = listener.rules.emplace_back();
      rule.name = "rule-" + std::to_string(listener.rules.size());
      ReadRoute(item, at, rule);
    });
    fields.RefuseOthers();
  }

  void ReadRoute(const JsonNode& node, const FieldPath& path, Rule& rule) {
    Fields fields(node, path, out_.errors);
    Condition& condition = rule.match.emplace_back();
    std::string range_text;
    const auto range = ReadRange(fields, Need::kRequired, range_text);
    condition.start = range.start;
    condition.end = range.end;
    fields.Enum("Operator", condition.op, kOperatorNames, Need::kRequired);
    fields.Text("Value", condition.value, Need::kRequired);
    if (const auto problem = ValueProblem(condition, "KeyBytes " + Printable(range_text)))
      Say(path.Field("Value"), *problem);
    fields.Text("Upstream", rule.upstream, Need::kRequired);
    if (!names_.contains(rule.upstream))
      Say(path.Field("Upstream"), Quote(rule.upstream) +
                                      ": no upstream has this name, so this route leads nowhere: "
                                      "write the Name of an entry of Upstreams, or \"deny\"");
    fields.RefuseOthers();
  }

  Range ReadRange(Fields& fields, Need need, std::string& text) {
    fields.Text("KeyBytes", text, need);
    const auto range = ParseRange(text);
    const JsonNode* node = fields.Get("KeyBytes");
    if (!range && node != nullptr && node->kind == JsonNode::Kind::kText)
      fields.Report("KeyBytes", Quote(text) +
                                    ": must be \"START:END\", the first byte and one past the "
                                    "last, such as \"4:6\"");
    return range.value_or(Range{});
  }

  void ReadUpstream(const JsonNode& node, const FieldPath& path, Upstream& upstream) {
    Fields fields(node, path, out_.errors);
    fields.Text("Name", upstream.name, Need::kRequired);
    fields.Enum("Type", upstream.algorithm, kSeedTypeNames, Need::kRequired);
    upstream.affinity = Affinity::kNone;
    ReadHashKey(fields, path, upstream);
    fields.Object("HealthChecker", [&](const JsonNode& item, const FieldPath& at) {
      ReadHealthChecker(item, at, upstream.health_check.emplace());
    });
    const std::size_t index = out_.config.upstreams.size() - 1;
    std::size_t seed_index = 0;
    fields.List("Peers", [&](const JsonNode& item, const FieldPath& at) {
      ReadPeer(item, at, index, seed_index++, upstream);
    });
    fields.RefuseOthers();
  }

  void ReadHashKey(Fields& fields, const FieldPath& path, Upstream& upstream) {
    const JsonNode* node = fields.Get("KeyBytes");
    const bool given =
        node != nullptr && !(node->kind == JsonNode::Kind::kText && node->text.empty());
    if (upstream.algorithm == Algorithm::kRoundRobin) {
      if (given) Note(*node, path.Field("KeyBytes"), "ignored: Type \"rr\" hashes nothing");
      return;
    }
    if (!given) {
      Say(path.Field("KeyBytes"),
          "missing: Type \"chash\" needs the bytes to hash, such as \"0:4\"");
      return;
    }
    std::string text;
    const Range range = ReadRange(fields, Need::kRequired, text);
    upstream.hash_key = HashKey{KeySource::kPayload, range.start, range.end};
  }

  void ReadHealthChecker(const JsonNode& node, const FieldPath& path, HealthCheck& check) {
    Fields fields(node, path, out_.errors);
    fields.Integer("HeartbeatIntervalSec", check.period_seconds);
    fields.Integer("HeartbeatTimeoutSec", check.timeout_seconds);
    fields.Integer("SuccessTimes", check.success_threshold);
    fields.Integer("FailedTimes", check.failure_threshold);
    fields.RefuseOthers();
    if (check.timeout_seconds <= check.period_seconds || check.period_seconds < 1) return;
    const JsonNode* timeout = fields.Get("HeartbeatTimeoutSec");
    Note(timeout != nullptr ? *timeout : node, path.Field("HeartbeatTimeoutSec"),
         std::to_string(check.timeout_seconds) + " is longer than HeartbeatIntervalSec: " +
             std::to_string(check.period_seconds) + " is used");
    check.timeout_seconds = check.period_seconds;
  }

  void ReadPeer(const JsonNode& node, const FieldPath& path, std::size_t upstream_index,
                std::size_t seed_index, Upstream& upstream) {
    Peer peer;
    bool backup = false;
    Fields fields(node, path, out_.errors);
    fields.Text("IP", peer.address, Need::kRequired);
    if (const auto ip = IpAddress::Parse(peer.address)) peer.address = ip->ToString();
    fields.Integer("Port", peer.port, Need::kRequired);
    fields.Integer("Weight", peer.weight);
    fields.Boolean("Backup", backup);
    fields.RefuseOthers();
    auto& peers = backup ? upstream.backup_peers : upstream.peers;
    form_.paths.AddPeer(upstream_index, backup, peers.size(), seed_index);
    peers.push_back(std::move(peer));
  }

  // What to say at this path should the validator find fault there.
  void Say(const FieldPath& path, std::string message) {
    form_.wording[path.ToString()] = std::move(message);
  }

  Decoded& out_;
  SeedForm& form_;
  std::set<std::string, std::less<>> names_;
};

}  // namespace

Decoded DecodeSeed(const JsonNode& root, SeedForm& form) {
  Decoded decoded;
  SeedReader(decoded, form).Read(root);
  return decoded;
}

}  // namespace stevedore::config
