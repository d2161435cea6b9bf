// Universe: namespaces and a class of their own in which objects are changed at random, one
// long-lived Pipeline that follows, and the comparison with a fresh start.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "controller/kube/credentials.h"
#include "controller/kube/rest_transport.h"
#include "proxy/base/clock.h"
#include "tests/convergence/cutting_transport.h"
#include "tests/convergence/objects.h"
#include "tests/convergence/pipeline.h"

namespace stevedore::convergence {

// Time with leaps of more than two minutes between sequences: what grows until two minutes have
// been quiet stays small. Thread: any.
class LeapingClock final : public Clock {
 public:
  Nanos Now() const noexcept override { return clock_.Now() + leapt_.load(); }
  void Leap() noexcept { leapt_ = leapt_.load() + std::chrono::seconds(121); }

 private:
  MonotonicClock clock_;
  std::atomic<Nanos> leapt_{Nanos(0)};
};

struct UniverseOptions {
  kube::ClusterAccess access;
  int number = 0;
  std::uint64_t seed = 0;
  Plant plant = Plant::kNone;
  std::chrono::milliseconds patience{20'000};  // for the long-lived view to catch up
};

struct Tally {
  std::map<std::string, int> writes;   // "PATCH stevedoreroutes 201"
  std::map<std::string, int> reasons;  // of the conditions in compared reports
  std::map<std::string, int> cuts;
  int sequences = 0;
  int configs = 0;  // that differed from the one before
  Nanos slowest_list{0};
};

// Thread: one.
class Universe {
 public:
  explicit Universe(UniverseOptions options);

  // Makes the namespaces. Empty, or what failed.
  std::string Prepare();
  // One random sequence. Empty, or how the two pictures differ in the end.
  std::string RunSequence();
  // Once more, with nothing happening: whatever was still on the way may change nothing.
  std::string RunQuiet();

  Tally tally() const;

 private:
  int Send(const std::string& method, const std::string& path, const std::string& body);
  void Apply(const Manifest& manifest);
  void Delete(const std::string& path);
  void RandomWrite();
  std::string Compare();
  Outcome Fresh();
  void Note(const Outcome& outcome);

  const UniverseOptions options_;
  const Place place_;
  const compile::CompileOptions compile_;
  const std::vector<std::string> watched_;
  MonotonicClock real_clock_;
  LeapingClock leaping_clock_;
  Dice dice_;
  kube::Credentials credentials_;
  kube::RestTransport transport_;
  CuttingTransport cutting_;
  ListingTransport listing_;
  std::unique_ptr<Pipeline> followed_;
  std::set<std::string> existing_;     // paths
  std::vector<std::string> sequence_;  // what this sequence did, for the message of a failure
  std::string last_config_;
  Tally tally_;
};

}  // namespace stevedore::convergence
