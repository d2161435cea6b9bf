// Histogram: latencies in buckets of 1.6 %.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace stevedore::bench {

// Of nanoseconds. Source of the buckets: HdrHistogram's, 64 linear ones for each power of two.
class Histogram {
 public:
  void Add(std::int64_t nanos) {
    ++counts_[Index(static_cast<std::uint64_t>(std::max<std::int64_t>(nanos, 0)))];
    ++total_;
  }
  std::uint64_t total() const { return total_; }
  // The lower bound of the bucket that holds the quantile `q`, 0 to 1; 0 without values.
  double Quantile(double q) const {
    auto left = static_cast<std::uint64_t>(q * static_cast<double>(total_));
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (left < counts_[i]) return Value(i);
      left -= counts_[i];
    }
    return 0;
  }

 private:
  static constexpr unsigned kBits = 6;
  static std::size_t Index(std::uint64_t value) {
    const auto width = static_cast<unsigned>(std::bit_width(value));
    if (width <= kBits) return value;
    const unsigned shift = width - kBits - 1;
    return std::min((std::size_t{shift} << kBits) + static_cast<std::size_t>(value >> shift),
                    kBuckets - 1);
  }
  static double Value(std::size_t index) {
    const std::size_t shift = index < (2u << kBits) ? 0 : (index >> kBits) - 1;
    return static_cast<double>((index - (shift << kBits)) << shift);
  }

  static constexpr std::size_t kBuckets = 40u << kBits;
  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

}  // namespace stevedore::bench
