// Events as the API server takes them: events.k8s.io/v1.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "controller/kube/transport.h"
#include "controller/publish/event.h"

namespace stevedore::publish {

// How often something happened, and when last. A count of 1 is no series.
struct EventSeries {
  std::uint64_t count = 1;
  std::string last_time;
};

// Creates the event `name` in the namespace of its object. `instance`: the pod that tells it, which
// must not be empty. Notes are cut at 1 KiB, between characters.
kube::Request CreateEventRequest(const Event& event, const std::string& name,
                                 const std::string& instance, const EventSeries& series);
// Tells of the repeats of an event that is there. REQUIRES: series.count >= 2.
kube::Request PatchSeriesRequest(const Event& event, const std::string& name,
                                 const EventSeries& series);

}  // namespace stevedore::publish
