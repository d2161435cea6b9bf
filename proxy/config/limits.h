// Every maximum of the config, in one place, with its reason. The CRD's schema states the same
// numbers.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace stevedore::config {

inline constexpr std::int64_t kMaxMatchOffset =
    2048;  // `end` of a range: beyond any MTU that a rule reads
inline constexpr std::int64_t kMaxMatchBytes = 64;  // length of a range, of a hash key
inline constexpr std::size_t kMaxConditions = 8;    // of a rule, or of expectBytes
inline constexpr std::size_t kMaxRules =
    4096;  // of a listener: 64 routes of 64 rules merged on a port
inline constexpr std::size_t kMaxShapes =
    64;  // distinct (range, mask) of a listener: one probe each
inline constexpr std::size_t kMaxListeners = 10000;      // a descriptor each, per worker
inline constexpr std::size_t kMaxUpstreams = 16384;      // 500 routes of 32 upstreams
inline constexpr std::size_t kMaxRanges = 64;            // of allow, of deny
inline constexpr std::int64_t kMaxRate = 1'000'000'000;  // datagrams: beyond what can be reached
inline constexpr std::int64_t kMaxReplyRatio = 1000;
inline constexpr std::size_t kMaxPeers = 5000;  // of an upstream: 13 Maglev slots each at the least
inline constexpr std::int64_t kMaxWeight = 100;
inline constexpr std::int64_t kMaxSessions = 10'000'000;
inline constexpr std::int64_t kMaxTimeoutSeconds = 86400;
inline constexpr std::size_t kMaxProbePayloadBytes = 512;
inline constexpr std::size_t kMaxNameBytes =
    381;  // namespace/route/upstream: 63 + 253 + 63 and "/"
inline constexpr std::size_t kMaxConfigBytes = 64u << 20;

}  // namespace stevedore::config
