// What a conversion gathers: drafts of routes, what they could not carry over, what could not be
// read. Readers of foreign configuration fill it; the rest of the folder settles, checks and
// prints it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "controller/api/stevedore_route.h"
#include "controller/kube/object_meta.h"

namespace stevedore::convert {

// Where something stands in the input.
struct Place {
  std::string file;
  std::string object;  // "TransportServer dns/dns-udp", "line 12"; empty when there is none
  std::string field;   // "spec.upstreams[0].maxFails"; empty: the object as a whole

  // Below `field`: "spec.port", `data["53"]`.
  Place Field(const std::string& name) const;
  Place Item(const std::string& list, std::size_t index) const;
  // "file: object: field", parts that are empty left out.
  std::string ToString() const;
  bool operator==(const Place&) const = default;
};

// Something about one field of the input. `value` is JSON text, as it stands there; empty when
// there is none. `text` says why, and what to do instead.
struct Finding {
  Place place;
  std::string value;
  std::string text;
  bool operator==(const Finding&) const = default;
};
// "file: object: field: value: text", parts that are empty left out, on one line.
std::string ToString(const Finding& finding);

// A route on its way to the output.
struct Draft {
  Place origin;
  kube::Key key;
  api::RouteSpec spec;
  std::vector<std::string> decisions;  // sentences for the comment above the route

  // At this address of the proxy's host alone.
  void ListenAt(const std::string& address);
};

struct Conversion {
  std::vector<Draft> routes;
  std::vector<Finding> losses;  // what the routes do not carry over
  std::vector<Finding> errors;  // input that is wrong: with one, no route is to be used
  std::vector<Finding> notes;   // what to know besides; nothing is lost
};

}  // namespace stevedore::convert
