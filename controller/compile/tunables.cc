#include "controller/compile/tunables.h"

#include <array>

namespace stevedore::compile {
namespace {

struct Row {
  const char* field;
  std::optional<std::int64_t> Tunables::*wished;
  std::int64_t& (*setting)(config::Listener&);
};

constexpr std::array<Row, 7> kRows = {{
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
}};

}  // namespace

config::Listener WithTunables(config::Listener listener, const Tunables& tunables) {
  for (const Row& row : kRows)
    if (const auto& wished = tunables.*row.wished) row.setting(listener) = *wished;
  return listener;
}

std::vector<std::string> Differences(const Tunables& tunables, const config::Listener& listener) {
  std::vector<std::string> fields;
  config::Listener copy = listener;
  for (const Row& row : kRows)
    if (const auto& wished = tunables.*row.wished; wished && *wished != row.setting(copy))
      fields.push_back(row.field);
  return fields;
}

}  // namespace stevedore::compile
