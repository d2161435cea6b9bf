// The names of the model's enums in the config file, for the decoders and the encoder.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>

#include "proxy/config/model.h"

namespace stevedore::config {

template <class E>
using EnumName = std::pair<std::string_view, E>;

inline constexpr std::array<EnumName<Operator>, 6> kOperatorNames = {{
    {"==", Operator::kEqual},
    {"!==", Operator::kNotEqual},
    {"|=", Operator::kSubset},
    {"!|=", Operator::kNotSubset},
    {"&=", Operator::kSuperset},
    {"!&=", Operator::kNotSuperset},
}};
inline constexpr std::array<EnumName<Algorithm>, 2> kAlgorithmNames = {{
    {"RoundRobin", Algorithm::kRoundRobin},
    {"ConsistentHash", Algorithm::kConsistentHash},
}};
inline constexpr std::array<EnumName<Algorithm>, 2> kSeedTypeNames = {{
    {"rr", Algorithm::kRoundRobin},
    {"chash", Algorithm::kConsistentHash},
}};
inline constexpr std::array<EnumName<Affinity>, 3> kAffinityNames = {{
    {"None", Affinity::kNone},
    {"Flow", Affinity::kFlow},
    {"Key", Affinity::kKey},
}};
inline constexpr std::array<EnumName<Drain>, 2> kDrainNames = {{
    {"Keep", Drain::kKeep},
    {"Move", Drain::kMove},
}};
inline constexpr std::array<EnumName<WhenNoneUsable>, 2> kWhenNoneUsableNames = {{
    {"FailOpen", WhenNoneUsable::kFailOpen},
    {"Drop", WhenNoneUsable::kDrop},
}};
inline constexpr std::array<EnumName<Expect>, 2> kExpectNames = {{
    {"NoError", Expect::kNoError},
    {"Reply", Expect::kReply},
}};
// Payload bytes have no name: they are written as start and end.
inline constexpr std::array<EnumName<KeySource>, 2> kKeySourceNames = {{
    {"ClientAddress", KeySource::kClientAddress},
    {"ClientAddressPort", KeySource::kClientAddressPort},
}};

template <class E>
std::string_view NameOf(std::type_identity_t<std::span<const EnumName<E>>> names, E value) {
  for (const auto& [name, candidate] : names)
    if (candidate == value) return name;
  return "?";
}

}  // namespace stevedore::config
