// Small integers that name things, each its own type so that one cannot stand for another.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stevedore::runtime {

// Survives reloads; dense; reused only long after its thing is gone (registry.h).
enum class ListenerId : std::uint32_t {};
enum class UpstreamId : std::uint32_t {};  // one per upstream name
enum class PeerId : std::uint32_t {};      // one per (upstream, address, port)

// Position in a snapshot's list; means nothing beyond that snapshot.
enum class UpstreamIndex : std::uint32_t {};

inline constexpr PeerId kNoPeerId{0xffffffffu};
inline constexpr UpstreamIndex kDenyIndex{0xffffffffu};

template <class Id>
constexpr std::uint32_t Raw(Id id) noexcept {
  return static_cast<std::uint32_t>(id);
}

}  // namespace stevedore::runtime
