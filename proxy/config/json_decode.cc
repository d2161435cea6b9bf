#include <utility>
#include <variant>

#include "proxy/config/document.h"
#include "proxy/config/enum_names.h"
#include "proxy/config/json_codec.h"
#include "proxy/config/json_fields.h"
#include "proxy/config/json_tree.h"
#include "proxy/config/seed_decode.h"

namespace stevedore::config {
namespace {

Condition ReadCondition(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  Condition condition;
  Fields fields(node, path, errors);
  fields.Integer("start", condition.start, Need::kRequired);
  fields.Integer("end", condition.end, Need::kRequired);
  fields.Enum("operator", condition.op, kOperatorNames, Need::kRequired);
  fields.Text("value", condition.value, Need::kRequired);
  fields.RefuseOthers();
  return condition;
}

Rule ReadRule(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  Rule rule;
  Fields fields(node, path, errors);
  fields.Text("name", rule.name, Need::kRequired);
  fields.List(
      "match",
      [&](const JsonNode& item, const FieldPath& at) {
        rule.match.push_back(ReadCondition(item, at, errors));
      },
      Need::kRequired);
  fields.Text("upstream", rule.upstream, Need::kRequired);
  fields.RefuseOthers();
  return rule;
}

SessionSettings ReadSession(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  SessionSettings session;
  Fields fields(node, path, errors);
  fields.Integer("idleTimeoutSeconds", session.idle_timeout_seconds);
  fields.Integer("embryonicTimeoutSeconds", session.embryonic_timeout_seconds);
  fields.Integer("maxReplyOnlySeconds", session.max_reply_only_seconds);
  fields.Integer("maxSessions", session.max_sessions);
  fields.Integer("maxSessionsPerSource", session.max_sessions_per_source);
  fields.Integer("maxReplyRatio", session.max_reply_ratio);
  fields.RefuseOthers();
  return session;
}

std::vector<std::string> ReadTexts(Fields& fields, std::string_view name, FieldErrors& errors) {
  std::vector<std::string> texts;
  fields.List(name, [&](const JsonNode& item, const FieldPath& at) {
    ReadText(item, at, errors, texts.emplace_back());
  });
  return texts;
}

SourceRate ReadRateLimit(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  SourceRate rate;
  Fields fields(node, path, errors);
  fields.Integer("datagramsPerSecond", rate.datagrams_per_second, Need::kRequired);
  if (std::int64_t burst = 0; fields.Get("burst") != nullptr) {
    fields.Integer("burst", burst);
    rate.burst = burst;
  }
  fields.RefuseOthers();
  return rate;
}

Listener ReadListener(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  Listener listener;
  Fields fields(node, path, errors);
  fields.Text("name", listener.name, Need::kRequired);
  fields.Text("address", listener.address);
  fields.Integer("port", listener.port, Need::kRequired);
  fields.Integer("maxDatagramBytes", listener.max_datagram_bytes);
  fields.Integer("maxTries", listener.max_tries);
  listener.allow = ReadTexts(fields, "allow", errors);
  listener.deny = ReadTexts(fields, "deny", errors);
  fields.Object("rateLimit", [&](const JsonNode& item, const FieldPath& at) {
    listener.rate_limit = ReadRateLimit(item, at, errors);
  });
  fields.Object("session", [&](const JsonNode& item, const FieldPath& at) {
    listener.session = ReadSession(item, at, errors);
  });
  fields.List("rules", [&](const JsonNode& item, const FieldPath& at) {
    listener.rules.push_back(ReadRule(item, at, errors));
  });
  fields.Text("defaultUpstream", listener.default_upstream);
  fields.RefuseOthers();
  return listener;
}

HashKey ReadHashKey(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  HashKey key;
  Fields fields(node, path, errors);
  if (node.Find("source") != nullptr) {
    fields.Enum("source", key.source, kKeySourceNames);
    for (const std::string_view name : {"start", "end"})
      if (fields.Get(name) != nullptr)
        fields.Report(name, "must not be set beside source: set start and end, or source");
  } else {
    fields.Get("source");
    fields.Integer("start", key.start, Need::kRequired);
    fields.Integer("end", key.end, Need::kRequired);
  }
  fields.RefuseOthers();
  return key;
}

HealthCheck ReadHealthCheck(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  HealthCheck check;
  Fields fields(node, path, errors);
  fields.Integer("periodSeconds", check.period_seconds);
  fields.Integer("timeoutSeconds", check.timeout_seconds);
  fields.Integer("successThreshold", check.success_threshold);
  fields.Integer("failureThreshold", check.failure_threshold);
  fields.Text("payload", check.payload);
  fields.Enum("expect", check.expect, kExpectNames);
  fields.List("expectBytes", [&](const JsonNode& item, const FieldPath& at) {
    check.expect_bytes.push_back(ReadCondition(item, at, errors));
  });
  fields.RefuseOthers();
  return check;
}

FollowReplyPort ReadFollowReplyPort(const JsonNode& node, const FieldPath& path,
                                    FieldErrors& errors) {
  FollowReplyPort follow;
  Fields fields(node, path, errors);
  fields.List("restart", [&](const JsonNode& item, const FieldPath& at) {
    follow.restart.push_back(ReadCondition(item, at, errors));
  });
  fields.RefuseOthers();
  return follow;
}

Peer ReadPeer(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  Peer peer;
  Fields fields(node, path, errors);
  fields.Text("address", peer.address, Need::kRequired);
  fields.Integer("port", peer.port, Need::kRequired);
  fields.Integer("weight", peer.weight);
  fields.Boolean("draining", peer.draining);
  fields.RefuseOthers();
  return peer;
}

void ReadPolicy(Fields& fields, Upstream& upstream, FieldErrors& errors) {
  fields.Object("hashKey", [&](const JsonNode& item, const FieldPath& at) {
    upstream.hash_key = ReadHashKey(item, at, errors);
  });
  if (Affinity affinity{}; fields.Get("affinity") != nullptr) {
    fields.Enum("affinity", affinity, kAffinityNames);
    upstream.affinity = affinity;
  }
  fields.Enum("drain", upstream.drain, kDrainNames);
  if (std::int64_t seconds = 0; fields.Get("drainTimeoutSeconds") != nullptr) {
    fields.Integer("drainTimeoutSeconds", seconds);
    upstream.drain_timeout_seconds = seconds;
  }
  fields.Enum("whenNoneUsable", upstream.when_none_usable, kWhenNoneUsableNames);
  fields.Object("followReplyPort", [&](const JsonNode& item, const FieldPath& at) {
    upstream.follow_reply_port = ReadFollowReplyPort(item, at, errors);
  });
}

Upstream ReadUpstream(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  Upstream upstream;
  Fields fields(node, path, errors);
  fields.Text("name", upstream.name, Need::kRequired);
  fields.Enum("algorithm", upstream.algorithm, kAlgorithmNames);
  ReadPolicy(fields, upstream, errors);
  fields.Object("healthCheck", [&](const JsonNode& item, const FieldPath& at) {
    upstream.health_check = ReadHealthCheck(item, at, errors);
  });
  fields.List("peers", [&](const JsonNode& item, const FieldPath& at) {
    upstream.peers.push_back(ReadPeer(item, at, errors));
  });
  fields.List("backupPeers", [&](const JsonNode& item, const FieldPath& at) {
    upstream.backup_peers.push_back(ReadPeer(item, at, errors));
  });
  fields.RefuseOthers();
  return upstream;
}

void ReadVersion(Fields& fields) {
  const JsonNode* node = fields.Get("version");
  if (node == nullptr) {
    fields.Report("version", "missing: must be 1");
  } else if (Describe(*node) != "1") {
    fields.Report("version", Describe(*node) + ": must be 1, the only version known here");
  }
}

Decoded ReadNative(const JsonNode& root) {
  Decoded decoded;
  ProxyConfig& config = decoded.config;
  FieldErrors& errors = decoded.errors;
  Fields fields(root, FieldPath(), errors);
  if (root.kind != JsonNode::Kind::kObject) return decoded;
  ReadVersion(fields);
  fields.Unsigned("hashSeed", config.hash_seed);
  fields.List("ownAddresses", [&](const JsonNode& item, const FieldPath& at) {
    ReadText(item, at, errors, config.own_addresses.emplace_back());
  });
  fields.List("listeners", [&](const JsonNode& item, const FieldPath& at) {
    config.listeners.push_back(ReadListener(item, at, errors));
  });
  fields.List("upstreams", [&](const JsonNode& item, const FieldPath& at) {
    config.upstreams.push_back(ReadUpstream(item, at, errors));
  });
  fields.RefuseOthers();
  return decoded;
}

bool IsSeedForm(const JsonNode& root) {
  if (root.Find("version") != nullptr) return false;
  return root.Find("Server") != nullptr || root.Find("Session") != nullptr ||
         root.Find("Upload") != nullptr;
}

}  // namespace

Document DecodeDocument(std::string_view text) {
  Document document;
  auto parsed = ParseJson(text);
  if (const FieldError* error = std::get_if<FieldError>(&parsed)) {
    document.decoded.errors.push_back(*error);
    return document;
  }
  document.tree = std::move(std::get<JsonNode>(parsed));
  if (IsSeedForm(*document.tree)) {
    document.decoded = DecodeSeed(*document.tree, document.seed.emplace());
  } else {
    document.decoded = ReadNative(*document.tree);
  }
  return document;
}

Decoded Decode(std::string_view text) { return DecodeDocument(text).decoded; }

}  // namespace stevedore::config
