#include "controller/compile/tunables.h"

#include <array>
#include <set>
#include <string_view>

namespace stevedore::compile {
namespace {

struct Row {
  const char* field;
  std::optional<std::int64_t> Tunables::*wished;
  std::int64_t& (*setting)(config::Listener&);
};

constexpr std::array<Row, 8> kRows = {{
    {"listener.maxDatagramBytes", &Tunables::max_datagram_bytes,
     [](config::Listener& l) -> std::int64_t& { return l.max_datagram_bytes; }},
    {"listener.maxTries", &Tunables::max_tries,
     [](config::Listener& l) -> std::int64_t& { return l.max_tries; }},
    {"session.idleTimeoutSeconds", &Tunables::idle_timeout_seconds,
     [](config::Listener& l) -> std::int64_t& { return l.session.idle_timeout_seconds; }},
    {"session.embryonicTimeoutSeconds", &Tunables::embryonic_timeout_seconds,
     [](config::Listener& l) -> std::int64_t& { return l.session.embryonic_timeout_seconds; }},
    {"session.maxReplyOnlySeconds", &Tunables::max_reply_only_seconds,
     [](config::Listener& l) -> std::int64_t& { return l.session.max_reply_only_seconds; }},
    {"session.maxSessions", &Tunables::max_sessions,
     [](config::Listener& l) -> std::int64_t& { return l.session.max_sessions; }},
    {"session.maxSessionsPerSource", &Tunables::max_sessions_per_source,
     [](config::Listener& l) -> std::int64_t& { return l.session.max_sessions_per_source; }},
    {"session.maxReplyRatio", &Tunables::max_reply_ratio,
     [](config::Listener& l) -> std::int64_t& { return l.session.max_reply_ratio; }},
}};

using Ranges = std::vector<std::string>;

// The order of ranges means nothing.
bool Same(const Ranges& a, const Ranges& b) {
  return std::set<std::string_view>(a.begin(), a.end()) ==
         std::set<std::string_view>(b.begin(), b.end());
}

bool Same(const std::optional<config::SourceRate>& a, const std::optional<config::SourceRate>& b) {
  return a && b && a->datagrams_per_second == b->datagrams_per_second &&
         EffectiveBurst(*a) == EffectiveBurst(*b);
}

}  // namespace

config::Listener WithTunables(config::Listener listener, const Tunables& tunables) {
  for (const Row& row : kRows)
    if (const auto& wished = tunables.*row.wished) row.setting(listener) = *wished;
  if (!tunables.allow.empty()) listener.allow = tunables.allow;
  if (!tunables.deny.empty()) listener.deny = tunables.deny;
  if (tunables.rate_limit) listener.rate_limit = tunables.rate_limit;
  return listener;
}

std::vector<std::string> Differences(const Tunables& tunables, const config::Listener& listener) {
  std::vector<std::string> fields;
  config::Listener copy = listener;
  for (const Row& row : kRows)
    if (const auto& wished = tunables.*row.wished; wished && *wished != row.setting(copy))
      fields.push_back(row.field);
  const auto ranges = [&](const char* field, const Ranges& wished, const Ranges& setting) {
    if (!wished.empty() && !Same(wished, setting)) fields.push_back(field);
  };
  ranges("listener.allow", tunables.allow, listener.allow);
  ranges("listener.deny", tunables.deny, listener.deny);
  if (tunables.rate_limit && !Same(tunables.rate_limit, listener.rate_limit))
    fields.push_back("listener.rateLimit");
  return fields;
}

}  // namespace stevedore::compile
