// Whether this machine can be trusted to cut one large send into datagrams (UDP_SEGMENT).
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace stevedore::net {

// Whether the kernel of this release ("7.1.2-generic", of uname) is known to mangle UDP headers and
// checksums of segmented sends with some drivers: 7.0-rc1 to 7.1.4. Source: tailscale/tailscale
// pull request 19918, which names the commits that broke and mended it.
bool KernelMangles(std::string_view release) noexcept;

// Sends a segmented datagram to itself over loopback and looks at what arrives. Some 50
// microseconds, 100 ms where nothing does.
bool SegmentsArrive() noexcept;

// Why segmented sends should stay off here; empty when nothing speaks against them.
std::string WhyNoSegments();

}  // namespace stevedore::net
