// Reflector: a ListWatch on a thread of its own.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <thread>

#include "controller/kube/list_watch.h"

namespace stevedore::kube {

// Thread: the handler is called on the reflector's thread; Start and Stop on one owner's.
// Lifetime: transport, clock and handler outlive it.
class Reflector {
 public:
  Reflector(Resource resource, Transport& transport, const Clock& clock,
            std::function<double()> random, ReflectorHandler& handler)
      : list_watch_(std::move(resource), transport, clock, std::move(random), handler) {}
  ~Reflector() { Stop(); }

  // REQUIRES: called once.
  void Start();
  // Ends the exchange under way and waits for the thread. May be called again.
  void Stop();

  ReflectorCounters counters() const { return list_watch_.counters(); }

 private:
  void Run(const std::stop_token& stop);

  ListWatch list_watch_;
  std::jthread thread_;
};

}  // namespace stevedore::kube
