// The few things that list and watch must know of an object's JSON; everything else stays text
// until api/ decodes it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controller/kube/object_meta.h"
#include "controller/kube/transport.h"
#include "proxy/base/result.h"

namespace stevedore::kube {

// One object: who it is, and all of it as JSON text.
struct RawObject {
  Key key;
  std::string json;
};

// One page of a list.
struct ListPage {
  std::vector<RawObject> objects;
  std::string resource_version;
  std::string continue_token;  // empty on the last page
};

// Reads the body of a 200 to a LIST. Errors: kInvalid when it is not a complete list (items and
// metadata.resourceVersion present, each item named): such a body must not remove anything.
Result<ListPage> ParseList(std::string_view body);

// metav1.Status, what the API server says when it refuses.
struct ApiStatus {
  int code = 0;
  std::string reason;   // "Expired", "Forbidden", ...
  std::string message;  // for people
  bool resource_version_too_large = false;
};

// Reads a refusal's body. Never fails: a body that is no Status gives `code` = `http_status` and
// the start of the body as message.
ApiStatus ParseStatus(std::string_view body, int http_status);
// "HTTP 403: why", for the log.
std::string RefusalText(const Response& response);
// The same as an error: kDenied (401, 403), kNotFound, kConflict, kUnavailable (429 and 5xx: worth
// another try), else kInvalid.
Error RefusalOf(const Response& response);

// One line of a watch.
struct WatchEvent {
  enum class Type { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
  Type type = Type::kUnknown;
  std::string type_text;            // as sent, for the log
  RawObject object;                 // ADDED, MODIFIED, DELETED (its last state)
  std::string resource_version;     // all but ERROR and unknown types
  bool initial_events_end = false;  // BOOKMARK: all objects were sent (sendInitialEvents)
  ApiStatus status;                 // ERROR
};

// Errors: kInvalid when the line is not an event, or an object has no name or version.
Result<WatchEvent> ParseWatchEvent(std::string_view line);

}  // namespace stevedore::kube
