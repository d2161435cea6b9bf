// Histogram: counts of samples by upper bound, for Prometheus. A plain value.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace stevedore {

// Thread: as a plain value: who shares one guards it.
class Histogram {
 public:
  // `bounds`: ascending upper bounds; they outlive the histogram and its copies.
  explicit Histogram(std::span<const double> bounds)
      : bounds_(bounds), counts_(bounds.size() + 1) {}

  // A sample on a bound counts below it.
  void Observe(double sample) {
    const auto bound = std::lower_bound(bounds_.begin(), bounds_.end(), sample);
    ++counts_[static_cast<std::size_t>(bound - bounds_.begin())];
    sum_ += sample;
  }

  std::span<const double> bounds() const noexcept { return bounds_; }
  // One more than there are bounds: the last is of samples beyond all.
  const std::vector<std::uint64_t>& counts() const noexcept { return counts_; }
  double sum() const noexcept { return sum_; }

 private:
  std::span<const double> bounds_;
  std::vector<std::uint64_t> counts_;
  double sum_ = 0;
};

}  // namespace stevedore
