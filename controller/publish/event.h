// Event: one thing that happened to an object, for people who look at it with `kubectl describe`.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace stevedore::publish {

// What an event is about, as the API names it.
struct ObjectReference {
  std::string api_version;  // "stevedore.io/v1alpha1"
  std::string kind;
  std::string ns;
  std::string name;
  std::string uid;
  std::string resource_version;  // may be empty
  bool operator==(const ObjectReference&) const = default;
};

struct Event {
  ObjectReference regarding;
  bool warning = false;
  std::string reason;  // "PortConflict"
  std::string action;  // what the controller was about to do: "Accept"
  std::string note;    // for people; cut at 1 KiB when it is written
  std::string time;    // when it happened, as MicroTimestampNow() gives it
  bool operator==(const Event&) const = default;
};

}  // namespace stevedore::publish
