#include "controller/kube/reflector.h"

#include <condition_variable>
#include <mutex>

namespace stevedore::kube {

void Reflector::Start() {
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void Reflector::Stop() {
  thread_.request_stop();
  if (thread_.joinable()) thread_.join();
}

void Reflector::Run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    const Nanos delay = list_watch_.Step(stop);
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, delay, [] { return false; });
  }
}

}  // namespace stevedore::kube
