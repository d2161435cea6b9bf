#include "proxy/config/status.h"

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "proxy/config/json_fields.h"
#include "proxy/config/json_tree.h"

namespace stevedore::config {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kApplied = "applied";
constexpr std::string_view kRejected = "rejected";

Json AttemptJson(const AttemptStatus& attempt) {
  Json errors = Json::array();
  for (const FieldError& error : attempt.errors) {
    Json item = {{"path", error.path}, {"message", error.message}};
    if (error.line > 0) item["line"] = error.line;
    errors.push_back(std::move(item));
  }
  return {{"digest", attempt.digest},
          {"result", attempt.applied ? kApplied : kRejected},
          {"errors", std::move(errors)}};
}

Json UpstreamJson(const UpstreamStatus& upstream) {
  return {{"name", upstream.name},
          {"total", upstream.total},
          {"ready", upstream.ready},
          {"healthy", upstream.healthy},
          {"draining", upstream.draining},
          {"usable", upstream.usable},
          {"backupActive", upstream.backup_active}};
}

void ReadCount(Fields& fields, std::string_view name, int& out) {
  std::int64_t value = out;
  fields.Integer(name, value);
  constexpr std::int64_t kMax = std::numeric_limits<int>::max();
  out = static_cast<int>(std::clamp<std::int64_t>(value, 0, kMax));
}

AttemptStatus ReadAttempt(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  AttemptStatus attempt;
  Fields fields(node, path, errors);
  fields.Text("digest", attempt.digest);
  fields.Enum("result", attempt.applied,
              std::array{std::pair{kApplied, true}, std::pair{kRejected, false}});
  fields.List("errors", [&](const JsonNode& item, const FieldPath& at) {
    FieldError& error = attempt.errors.emplace_back();
    Fields of_error(item, at, errors);
    of_error.Text("path", error.path);
    of_error.Text("message", error.message);
    ReadCount(of_error, "line", error.line);
  });
  return attempt;
}

ListenerStatus ReadListener(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  ListenerStatus listener;
  Fields fields(node, path, errors);
  fields.Text("name", listener.name, Need::kRequired);
  fields.Boolean("bound", listener.bound);
  fields.Text("error", listener.error);
  return listener;
}

UpstreamStatus ReadUpstream(const JsonNode& node, const FieldPath& path, FieldErrors& errors) {
  UpstreamStatus upstream;
  Fields fields(node, path, errors);
  fields.Text("name", upstream.name, Need::kRequired);
  ReadCount(fields, "total", upstream.total);
  ReadCount(fields, "ready", upstream.ready);
  ReadCount(fields, "healthy", upstream.healthy);
  ReadCount(fields, "draining", upstream.draining);
  ReadCount(fields, "usable", upstream.usable);
  fields.Boolean("backupActive", upstream.backup_active);
  return upstream;
}

ProxyStatus ReadStatus(const JsonNode& root, FieldErrors& errors) {
  ProxyStatus status;
  Fields fields(root, FieldPath(), errors);
  std::int64_t version = 0;
  fields.Integer("version", version, Need::kRequired);
  if (version != 1 && errors.empty())
    fields.Report("version", std::to_string(version) + ": must be 1");
  fields.Text("digest", status.digest);
  fields.Object("lastAttempt", [&](const JsonNode& node, const FieldPath& path) {
    status.last_attempt = ReadAttempt(node, path, errors);
  });
  fields.List("listeners", [&](const JsonNode& node, const FieldPath& path) {
    status.listeners.push_back(ReadListener(node, path, errors));
  });
  fields.List("upstreams", [&](const JsonNode& node, const FieldPath& path) {
    status.upstreams.push_back(ReadUpstream(node, path, errors));
  });
  fields.Text("time", status.time);
  return status;
}

}  // namespace

std::string EncodeStatus(const ProxyStatus& status) {
  Json json = {{"version", 1}, {"digest", status.digest}};
  if (status.last_attempt != AttemptStatus{})
    json["lastAttempt"] = AttemptJson(status.last_attempt);
  json["listeners"] = Json::array();
  for (const ListenerStatus& listener : status.listeners)
    json["listeners"].push_back(
        {{"name", listener.name}, {"bound", listener.bound}, {"error", listener.error}});
  json["upstreams"] = Json::array();
  for (const UpstreamStatus& upstream : status.upstreams)
    json["upstreams"].push_back(UpstreamJson(upstream));
  json["time"] = status.time;
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

Result<ProxyStatus> DecodeStatus(std::string_view text) {
  auto parsed = ParseJson(text);
  if (const FieldError* error = std::get_if<FieldError>(&parsed))
    return Error{Errc::kInvalid, "status: " + ToString(*error)};
  FieldErrors errors;
  ProxyStatus status = ReadStatus(std::get<JsonNode>(parsed), errors);
  if (!errors.empty()) return Error{Errc::kInvalid, "status: " + ToString(errors.front())};
  return status;
}

}  // namespace stevedore::config
