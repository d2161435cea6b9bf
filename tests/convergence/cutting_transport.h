// CuttingTransport: a Transport whose watches and lists fail at random, in every way that a real
// network and a real API server know.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>

#include "controller/kube/transport.h"
#include "tests/convergence/objects.h"

namespace stevedore::convergence {

// Thread: any. Lifetime: `inner` outlives it.
class CuttingTransport final : public kube::Transport {
 public:
  // `list_by_watch`: whether watches that begin with all objects are let through, or refused as an
  // older API server would.
  CuttingTransport(kube::Transport& inner, std::uint64_t seed, bool list_by_watch)
      : inner_(inner), list_by_watch_(list_by_watch), dice_(seed) {}

  Result<kube::Response> Do(const kube::Request& request) override;
  Result<kube::StreamEnd> Stream(const kube::Request& request,
                                 const kube::ChunkSink& sink) override;

  // Ends all watches that are open now.
  void Cut();
  // What was done, by name.
  std::map<std::string, int> counts() const;

 private:
  // How a watch ends: after `bytes` of its body, in a way of its own.
  enum class End { kNone, kTorn, kLineEnd, kExpiredEvent };
  struct Fate {
    End end = End::kNone;
    std::size_t bytes = 0;
    int delay_ms = 0;  // of each chunk: kinds come out of step
  };

  Fate Decide();
  int Roll(int sides);
  void Count(const std::string& what);
  Result<kube::StreamEnd> Limited(kube::Request request, const kube::ChunkSink& sink, Fate fate);

  kube::Transport& inner_;
  const bool list_by_watch_;
  mutable std::mutex mutex_;
  Dice dice_;
  std::map<std::string, int> counts_;
  std::set<std::stop_source*> open_;
};

// A Transport for one look: objects come by LIST, in the newest state and never from a cache;
// watches bring nothing. Thread: any.
class ListingTransport final : public kube::Transport {
 public:
  explicit ListingTransport(kube::Transport& inner) : inner_(inner) {}

  Result<kube::Response> Do(const kube::Request& request) override;
  Result<kube::StreamEnd> Stream(const kube::Request& request,
                                 const kube::ChunkSink& sink) override;

 private:
  kube::Transport& inner_;
};

}  // namespace stevedore::convergence
