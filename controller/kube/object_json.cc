#include "controller/kube/object_json.h"

#include <nlohmann/json.hpp>
#include <utility>

namespace stevedore::kube {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownBytes = 200;

Error Bad(const std::string& what) { return Error{Errc::kInvalid, what}; }

// The text at `field`, "" when absent or not text.
std::string Text(const Json& object, const char* field) {
  const auto found = object.find(field);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

const Json& Member(const Json& object, const char* field) {
  static const Json kEmpty = Json::object();
  const auto found = object.find(field);
  return found != object.end() && found->is_object() ? *found : kEmpty;
}

Result<RawObject> ToRaw(const Json& object) {
  if (!object.is_object()) return Bad("an object is not a JSON object");
  const Json& metadata = Member(object, "metadata");
  RawObject raw;
  raw.key = Key{Text(metadata, "namespace"), Text(metadata, "name")};
  if (raw.key.name.empty()) return Bad("an object has no metadata.name");
  raw.json = object.dump();
  return raw;
}

ApiStatus ToStatus(const Json& body, int http_status) {
  ApiStatus status;
  status.code = http_status;
  if (const auto code = body.find("code"); code != body.end() && code->is_number_integer()) {
    status.code = code->get<int>();
  }
  status.reason = Text(body, "reason");
  status.message = Text(body, "message");
  const auto causes = Member(body, "details").find("causes");
  if (causes != Member(body, "details").end() && causes->is_array()) {
    for (const Json& cause : *causes) {
      if (cause.is_object() && Text(cause, "reason") == "ResourceVersionTooLarge") {
        status.resource_version_too_large = true;
      }
    }
  }
  return status;
}

WatchEvent::Type ToType(std::string_view text) {
  using Type = WatchEvent::Type;
  if (text == "ADDED") return Type::kAdded;
  if (text == "MODIFIED") return Type::kModified;
  if (text == "DELETED") return Type::kDeleted;
  if (text == "BOOKMARK") return Type::kBookmark;
  if (text == "ERROR") return Type::kError;
  return Type::kUnknown;
}

}  // namespace

Result<ListPage> ParseList(std::string_view body) {
  const Json root = Json::parse(body, nullptr, false);
  if (!root.is_object()) return Bad("the list is not a JSON object");
  const Json& metadata = Member(root, "metadata");
  ListPage page;
  page.resource_version = Text(metadata, "resourceVersion");
  page.continue_token = Text(metadata, "continue");
  if (page.resource_version.empty()) return Bad("the list has no metadata.resourceVersion");
  const auto items = root.find("items");
  // Go writes an empty slice as [] or, where it was never made, as null.
  if (items == root.end() || (!items->is_array() && !items->is_null())) {
    return Bad("the list has no items");
  }
  if (items->is_null()) return page;
  page.objects.reserve(items->size());
  for (const Json& item : *items) {
    Result<RawObject> raw = ToRaw(item);
    if (!raw) return raw.error();
    page.objects.push_back(*std::move(raw));
  }
  return page;
}

ApiStatus ParseStatus(std::string_view body, int http_status) {
  const Json root = Json::parse(body, nullptr, false);
  if (root.is_object() && Text(root, "kind") == "Status") return ToStatus(root, http_status);
  ApiStatus status;
  status.code = http_status;
  status.message = std::string(body.substr(0, kShownBytes));
  return status;
}

std::string RefusalText(const Response& response) {
  return "HTTP " + std::to_string(response.status) + ": " +
         ParseStatus(response.body, response.status).message;
}

namespace {

Errc CodeOf(int status) {
  switch (status) {
    case 401:
    case 403:
      return Errc::kDenied;
    case 404:
      return Errc::kNotFound;
    case 409:
      return Errc::kConflict;
    default:
      return status == 429 || status >= 500 ? Errc::kUnavailable : Errc::kInvalid;
  }
}

}  // namespace

Error RefusalOf(const Response& response) {
  return {CodeOf(response.status), RefusalText(response)};
}

Result<WatchEvent> ParseWatchEvent(std::string_view line) {
  const Json root = Json::parse(line, nullptr, false);
  if (!root.is_object()) return Bad("a watch event is not a JSON object");
  WatchEvent event;
  event.type_text = Text(root, "type");
  event.type = ToType(event.type_text);
  const Json& object = Member(root, "object");
  switch (event.type) {
    case WatchEvent::Type::kUnknown:
      return event;
    case WatchEvent::Type::kError:
      event.status = ToStatus(object, 0);
      return event;
    case WatchEvent::Type::kBookmark:
      event.initial_events_end = Text(Member(Member(object, "metadata"), "annotations"),
                                      "k8s.io/initial-events-end") == "true";
      break;
    case WatchEvent::Type::kAdded:
    case WatchEvent::Type::kModified:
    case WatchEvent::Type::kDeleted: {
      Result<RawObject> raw = ToRaw(object);
      if (!raw) return raw.error();
      event.object = *std::move(raw);
      break;
    }
  }
  event.resource_version = Text(Member(object, "metadata"), "resourceVersion");
  if (event.resource_version.empty()) {
    return Bad("a watch event " + event.type_text + " has no metadata.resourceVersion");
  }
  return event;
}

}  // namespace stevedore::kube
