// Fence: whether this replica may write what only one of several may.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

namespace stevedore::publish {

// Asked right before each write of a status, an Event or the published Service; an answer holds for
// that one write. Cheap. Thread: any.
using Fence = std::function<bool()>;

}  // namespace stevedore::publish
