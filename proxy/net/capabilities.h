// Capabilities: what the kernel lets this process do beyond its user's rights.
// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace stevedore::net {

// Makes CAP_NET_BIND_SERVICE effective where it is permitted and not effective: the image's proxy
// has it as a file capability of that kind, so that it also runs where the capability is dropped.
// Holds for the calling thread and all that it starts later. Changes nothing else; no error:
// without it, a listener below 1024 says why it is not bound.
void RaiseNetBindService() noexcept;

}  // namespace stevedore::net
