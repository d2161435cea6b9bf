// Supervise: pid 1 of the controller's container. It runs the controller as its child and starts it
// again whenever it ends, so that no failure of the controller is one of the pod.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string>
#include <vector>

namespace stevedore {

struct SuperviseOptions {
  std::string program{};            // the child's executable: a path
  std::vector<std::string> argv{};  // argv[0] included
  // Before a restart: twice as long each time, anew once a child has lived for `healthy_after`.
  std::chrono::milliseconds first_delay{200};
  std::chrono::milliseconds longest_delay{30'000};
  std::chrono::milliseconds healthy_after{10'000};
  // From the signal that ends us to SIGKILL for a child that has not ended by itself.
  std::chrono::milliseconds grace{20'000};
};

// The command line of a process that was told to supervise, less that flag (the environment's
// STEVEDORE_SUPERVISE is unset for the same reason); the program is our own.
SuperviseOptions ChildOfOurselves(int argc, char** argv);

// Returns 0, after SIGTERM or SIGINT was passed on and the child has ended; for nothing else. The
// child gets SIGKILL when we die. Every process that ends below us is reaped.
// REQUIRES: the process has one thread.
int Supervise(const SuperviseOptions& options);

}  // namespace stevedore
