#include "controller/publish/event_requests.h"

#include <nlohmann/json.hpp>
#include <string_view>

namespace stevedore::publish {
namespace {

using Json = nlohmann::ordered_json;

// Limits of the API server; what is longer is refused.
constexpr std::size_t kMaxNoteBytes = 1024;
constexpr std::size_t kMaxNameBytes = 128;
constexpr std::chrono::seconds kTimeout{5};

std::string Cut(std::string text, std::size_t limit) {
  constexpr std::string_view kMore = " ...";
  if (text.size() <= limit) return text;
  std::size_t end = limit - kMore.size();
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  text.resize(end);
  return text.append(kMore);
}

std::string Text(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string PathIn(const std::string& ns) {
  return "/apis/events.k8s.io/v1/namespaces/" + ns + "/events";
}

Json SeriesJson(const EventSeries& series) {
  return {{"count", series.count}, {"lastObservedTime", series.last_time}};
}

}  // namespace

kube::Request CreateEventRequest(const Event& event, const std::string& name,
                                 const std::string& instance, const EventSeries& series) {
  const ObjectReference& object = event.regarding;
  Json regarding = {{"apiVersion", object.api_version},
                    {"kind", object.kind},
                    {"namespace", object.ns},
                    {"name", object.name},
                    {"uid", object.uid}};
  if (!object.resource_version.empty()) regarding["resourceVersion"] = object.resource_version;
  Json body = {{"apiVersion", "events.k8s.io/v1"},
               {"kind", "Event"},
               {"metadata", {{"name", name}, {"namespace", object.ns}}},
               {"eventTime", event.time},
               {"reportingController", "stevedore.io/controller"},
               {"reportingInstance", instance.substr(0, kMaxNameBytes)},
               {"action", event.action},
               {"reason", event.reason},
               {"type", event.warning ? "Warning" : "Normal"},
               {"regarding", std::move(regarding)},
               {"note", Cut(event.note, kMaxNoteBytes)}};
  if (series.count > 1) body["series"] = SeriesJson(series);
  kube::Request request;
  request.method = "POST";
  request.path = PathIn(object.ns);
  request.content_type = "application/json";
  request.body = Text(body);
  request.timeout = kTimeout;
  return request;
}

kube::Request PatchSeriesRequest(const Event& event, const std::string& name,
                                 const EventSeries& series) {
  kube::Request request;
  request.method = "PATCH";
  request.path = PathIn(event.regarding.ns) + "/" + name;
  request.content_type = "application/merge-patch+json";
  request.body = Text({{"series", SeriesJson(series)}});
  request.timeout = kTimeout;
  return request;
}

}  // namespace stevedore::publish
