// The wall clock as text, for status and objects. Nothing is measured by it.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

namespace stevedore {

// Now, as RFC 3339 in UTC with whole seconds: "2026-01-01T00:00:00Z". Thread: any.
std::string TimestampNow();

// Now with microseconds, as MicroTime of the Kubernetes API: "2026-01-01T00:00:00.000000Z".
// Thread: any.
std::string MicroTimestampNow();

}  // namespace stevedore
