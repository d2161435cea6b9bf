#include "tests/convergence/run.h"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace stevedore::convergence {
namespace {

void Add(std::map<std::string, int>& to, const std::map<std::string, int>& from) {
  for (const auto& [name, count] : from) to[name] += count;
}

void Add(Tally& to, const Tally& from) {
  Add(to.writes, from.writes);
  Add(to.reasons, from.reasons);
  Add(to.cuts, from.cuts);
  to.sequences += from.sequences;
  to.configs += from.configs;
  to.slowest_list = std::max(to.slowest_list, from.slowest_list);
}

class Runner {
 public:
  explicit Runner(const RunOptions& options) : options_(options), left_(options.sequences) {}

  RunResult Run() {
    std::vector<std::jthread> threads;
    for (int i = 0; i < options_.universes; ++i)
      threads.emplace_back([this, i] { RunUniverse(i); });
    threads.clear();
    return result_;
  }

 private:
  void RunUniverse(int number) {
    UniverseOptions own = options_.universe;
    own.number = number;
    own.seed += static_cast<std::uint64_t>(number) * 1000;
    Universe universe(own);
    std::string failure = universe.Prepare();
    while (failure.empty() && !failed_ && left_-- > 0) failure = universe.RunSequence();
    if (failure.empty() && !failed_) failure = universe.RunQuiet();
    if (!failure.empty()) failed_ = true;
    const std::lock_guard lock(mutex_);
    Add(result_.tally, universe.tally());
    if (result_.failure.empty()) result_.failure = failure;
  }

  const RunOptions& options_;
  std::atomic<int> left_;
  std::atomic<bool> failed_{false};
  std::mutex mutex_;
  RunResult result_;
};

}  // namespace

RunResult Run(const RunOptions& options) { return Runner(options).Run(); }

}  // namespace stevedore::convergence
