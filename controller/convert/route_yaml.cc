#include "controller/convert/route_yaml.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <sstream>

#include "controller/convert/names.h"
#include "proxy/config/byte_match.h"
#include "proxy/config/enum_names.h"

namespace stevedore::convert {
namespace {

// Lines of block style, two spaces per level; a list stands at the level of its key.
class Lines {
 public:
  explicit Lines(std::string& out) : out_(out) {}

  void Key(int level, std::string_view key) { Line(level, std::string(key) + ":"); }
  void Field(int level, std::string_view key, std::string_view value) {
    Line(level, std::string(key) + ": " + Scalar(value));
  }
  void Field(int level, std::string_view key, std::int64_t value) {
    Line(level, std::string(key) + ": " + std::to_string(value));
  }
  void Field(int level, std::string_view key, const std::optional<std::int64_t>& value) {
    if (value) Field(level, key, *value);
  }
  // The next line starts an element of a list.
  void Element() { element_ = true; }

 private:
  void Line(int level, const std::string& text) {
    const int spaces = 2 * level - (element_ ? 2 : 0);
    out_.append(static_cast<std::size_t>(spaces), ' ');
    out_ += (element_ ? "- " : "") + text + "\n";
    element_ = false;
  }

  // Plain where YAML 1.1 and 1.2 read a string whatever happens, else in quotes. The texts of a
  // valid route need no escapes beyond these two.
  static std::string Scalar(std::string_view text) {
    constexpr std::array<std::string_view, 9> kWords = {"true", "false", "null", "yes", "no",
                                                        "on",   "off",   "y",    "n"};
    const bool plain =
        !text.empty() && std::isalpha(static_cast<unsigned char>(text.front())) != 0 &&
        std::all_of(text.begin(), text.end(),
                    [](unsigned char c) {
                      return std::isalnum(c) != 0 || c == '-' || c == '.' || c == '/';
                    }) &&
        std::find(kWords.begin(), kWords.end(), Lower(text)) == kWords.end();
    if (plain) return std::string(text);
    std::string quoted = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') quoted += '\\';
      quoted += c;
    }
    return quoted + '"';
  }

  std::string& out_;
  bool element_ = false;
};

// Lines of comment that start with `first`, then with as many blanks, broken between words.
void Comment(std::string& out, std::string_view first, const std::string& text) {
  constexpr std::size_t kColumns = 100;
  std::string line = "# " + std::string(first);
  const std::string next = "# " + std::string(first.size(), ' ');
  std::size_t words = 0;
  const auto end_line = [&] {
    out += line + "\n";
    line = next;
    words = 0;
  };
  std::istringstream in(text);
  for (std::string word; in >> word;) {
    std::replace_if(
        word.begin(), word.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, '?');
    if (words > 0 && line.size() + 1 + word.size() > kColumns) end_line();
    line += (words++ > 0 ? " " : "") + word;
  }
  end_line();
}

void Conditions(Lines& lines, int level, std::string_view key,
                const std::vector<config::Condition>& conditions) {
  if (conditions.empty()) return;
  lines.Key(level, key);
  for (const config::Condition& condition : conditions) {
    lines.Element();
    lines.Field(level + 1, "start", condition.start);
    lines.Field(level + 1, "end", condition.end);
    lines.Field(level + 1, "operator", config::ToString(condition.op));
    lines.Field(level + 1, "value", condition.value);
  }
}

void Source(Lines& lines, int level, const api::PeerSource& source) {
  if (source.service) {
    lines.Key(level, "serviceRef");
    lines.Field(level + 1, "name", source.service->name);
    if (const auto* number = std::get_if<std::int64_t>(&source.service->port))
      lines.Field(level + 1, "port", *number);
    else
      lines.Field(level + 1, "port", std::get<std::string>(source.service->port));
    return;
  }
  lines.Key(level, "peers");
  for (const config::Peer& peer : source.peers) {
    lines.Element();
    lines.Field(level + 1, "address", peer.address);
    lines.Field(level + 1, "port", peer.port);
    if (peer.weight != 1) lines.Field(level + 1, "weight", peer.weight);
  }
}

void HashKey(Lines& lines, int level, const config::HashKey& key) {
  lines.Key(level, "hashKey");
  if (key.source == config::KeySource::kPayload) {
    lines.Field(level + 1, "start", key.start);
    lines.Field(level + 1, "end", key.end);
  } else {
    lines.Field(level + 1, "source",
                config::NameOf<config::KeySource>(config::kKeySourceNames, key.source));
  }
}

void HealthCheck(Lines& lines, int level, const config::HealthCheck& check) {
  lines.Key(level, "healthCheck");
  lines.Field(level + 1, "periodSeconds", check.period_seconds);
  lines.Field(level + 1, "timeoutSeconds", check.timeout_seconds);
  lines.Field(level + 1, "successThreshold", check.success_threshold);
  lines.Field(level + 1, "failureThreshold", check.failure_threshold);
  lines.Field(level + 1, "payload", check.payload);
  lines.Field(level + 1, "expect",
              config::NameOf<config::Expect>(config::kExpectNames, check.expect));
  Conditions(lines, level + 1, "expectBytes", check.expect_bytes);
}

void Upstream(Lines& lines, const api::UpstreamSpec& upstream) {
  constexpr int kLevel = 2;
  lines.Element();
  lines.Field(kLevel, "name", upstream.name);
  if (upstream.algorithm == config::Algorithm::kConsistentHash)
    lines.Field(kLevel, "algorithm", "ConsistentHash");
  if (upstream.hash_key) HashKey(lines, kLevel, *upstream.hash_key);
  if (upstream.affinity)
    lines.Field(kLevel, "affinity",
                config::NameOf<config::Affinity>(config::kAffinityNames, *upstream.affinity));
  Source(lines, kLevel, upstream.primary);
  if (upstream.backup) {
    lines.Key(kLevel, "backup");
    Source(lines, kLevel + 1, *upstream.backup);
  }
  if (upstream.health_check) HealthCheck(lines, kLevel, *upstream.health_check);
}

void Spec(Lines& lines, const api::RouteSpec& spec) {
  if (spec.class_name != api::RouteSpec{}.class_name) lines.Field(1, "className", spec.class_name);
  lines.Key(1, "listener");
  lines.Field(2, "port", spec.listener.port);
  if (!spec.listener.address.empty()) lines.Field(2, "address", spec.listener.address);
  lines.Field(2, "maxTries", spec.listener.max_tries);
  if (spec.session.idle_timeout_seconds) {
    lines.Key(1, "session");
    lines.Field(2, "idleTimeoutSeconds", spec.session.idle_timeout_seconds);
  }
  if (spec.default_upstream != config::kDeny)
    lines.Field(1, "defaultUpstream", spec.default_upstream);
  if (!spec.rules.empty()) lines.Key(1, "rules");
  for (const config::Rule& rule : spec.rules) {
    lines.Element();
    lines.Field(2, "name", rule.name);
    Conditions(lines, 2, "match", rule.match);
    lines.Field(2, "upstream", rule.upstream);
  }
  lines.Key(1, "upstreams");
  for (const api::UpstreamSpec& upstream : spec.upstreams) Upstream(lines, upstream);
}

}  // namespace

std::string ToYaml(const Draft& draft) {
  std::string out;
  Comment(out, "", "From " + draft.origin.ToString());
  for (const std::string& decision : draft.decisions) Comment(out, "- ", decision);
  Lines lines(out);
  lines.Field(0, "apiVersion", "stevedore.io/v1alpha1");
  lines.Field(0, "kind", "StevedoreRoute");
  lines.Key(0, "metadata");
  lines.Field(1, "name", draft.key.name);
  lines.Field(1, "namespace", draft.key.ns);
  lines.Key(0, "spec");
  Spec(lines, draft.spec);
  return out;
}

}  // namespace stevedore::convert
