// Persist: has a command that needs the API server try again, for a bounded time.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "proxy/base/clock.h"
#include "proxy/base/result.h"

namespace stevedore {

// Sleeps; false: the command is to end now.
using Pause = std::function<bool(Nanos)>;

// Takes steps until one succeeds. After kUnavailable and kConflict it takes the next one, 0.2 s
// later and then more, until `limit` has passed; after kDenied for the first 5 s of it, because
// rights that were just given take a moment to be known. Errors: that of the last step, with what
// ended it; any other at once.
Result<> Persist(const std::function<Result<>()>& step, const Clock& clock, Nanos limit,
                 const Pause& pause);

}  // namespace stevedore
