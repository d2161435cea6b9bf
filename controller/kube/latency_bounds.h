// Bounds of the histograms of exchanges with the API server, as Kubernetes' own components have
// them.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>

namespace stevedore::kube {

// Seconds.
inline constexpr std::array kLatencyBounds = {0.005, 0.025, 0.1, 0.25, 0.5,  1.0,
                                              2.0,   4.0,   8.0, 15.0, 30.0, 60.0};

}  // namespace stevedore::kube
