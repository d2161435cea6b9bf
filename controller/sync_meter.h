// SyncMeter: the numbers of the sync loop, for metrics.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "controller/source/sink.h"
#include "proxy/base/clock.h"
#include "proxy/base/histogram.h"

namespace stevedore {

// Seconds. Those of controller-runtime for a reconcile and for its queue; ours for news.
inline constexpr std::array kReconcileBounds = {
    0.005, 0.01, 0.025, 0.05, 0.1,  0.15, 0.2,  0.25, 0.3,  0.35, 0.4,  0.45, 0.5, 0.6,
    0.7,   0.8,  0.9,   1.0,  1.25, 1.5,  1.75, 2.0,  2.5,  3.0,  3.5,  4.0,  4.5, 5.0,
    6.0,   7.0,  8.0,   9.0,  10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 60.0};
inline constexpr std::array kQueueBounds = {1e-8, 1e-7, 1e-6, 1e-5, 1e-4,  1e-3,
                                            1e-2, 1e-1, 1.0,  10.0, 100.0, 1000.0};
inline constexpr std::array kPropagationBounds = {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,
                                                  0.25,  0.5,    1.0,   2.5,  5.0,   10.0};

struct SyncNumbers {
  std::uint64_t syncs = 0;                // turns whose config is in the file
  std::uint64_t sync_errors = 0;          // whose config could not be written
  std::uint64_t requeues = 0;             // of `syncs`, those that left statuses to be written
  std::uint64_t adds = 0;                 // turns for news
  std::uint64_t retries = 0;              // turns for what an earlier one left over
  Histogram reconcile{kReconcileBounds};  // duration of both
  Histogram work{kQueueBounds};           // likewise
  Histogram queued{kQueueBounds};         // from the first news to the turn that takes them
  double running = 0;                     // seconds of the turn that is under way
  bool news_waiting = false;

  std::uint64_t config_writes = 0;
  std::uint64_t config_write_errors = 0;
  double config_written_at = 0;  // Unix time; 0 = never
  std::uint64_t config_bytes = 0;
  // From the first of the news that changed the config to the file; the first config is left out,
  // since it waits for complete lists.
  Histogram propagation{kPropagationBounds};

  // Routes by condition and status: {"Accepted", "True"} -> 3.
  std::map<std::pair<std::string, std::string>, int> routes;
  std::map<source::Kind, std::size_t> objects;  // in the picture
};

// Thread: numbers() and Routes() any, all others the sync loop's.
class SyncMeter {
 public:
  // A turn begins that takes in news; the first of them came at `since`, if there are any.
  void Begin(Nanos now, std::optional<Nanos> since);

  enum class Write { kFailed, kUnchanged, kWritten };
  // `wall`: Unix time.
  void Wrote(Write how, std::size_t bytes, Nanos now, double wall);

  struct Turn {
    bool wrote = false;  // the config, or tried to; else nothing is counted but a retry
    bool retry = false;  // without news, for what was left over
    bool again = false;  // something is left over
  };
  void End(Nanos now, const Turn& turn);

  void Routes(std::map<std::pair<std::string, std::string>, int> routes);

  // Without what the store knows.
  SyncNumbers numbers(Nanos now) const;

 private:
  mutable std::mutex mutex_;
  SyncNumbers numbers_;
  std::optional<Nanos> began_;
  std::optional<Nanos> unwritten_since_;  // news that are in no file yet
  bool failed_ = false;                   // the write of this turn
};

}  // namespace stevedore
