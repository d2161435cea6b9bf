#include "controller/kube/reflector.h"

#include <gtest/gtest.h>

#include <chrono>
#include <condition_variable>
#include <mutex>

#include "tests/controller/kube/fake_transport.h"

namespace stevedore::kube {
namespace {

using std::chrono::seconds;
using std::chrono::steady_clock;

class Waiter final : public ReflectorHandler {
 public:
  void Replace(std::vector<RawObject>) override {}
  void Apply(RawObject) override { Note(&Waiter::applied_); }
  void Delete(const Key&) override {}
  void StateChanged(const ReflectorState& state) override {
    if (!state.error.empty()) Note(&Waiter::failed_);
  }
  bool WaitForApply() { return WaitFor(&Waiter::applied_); }
  bool WaitForFailure() { return WaitFor(&Waiter::failed_); }

 private:
  void Note(bool Waiter::*flag) {
    const std::lock_guard lock(mutex_);
    this->*flag = true;
    changed_.notify_all();
  }
  bool WaitFor(bool Waiter::*flag) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, seconds(10), [&] { return this->*flag; });
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  bool applied_ = false;
  bool failed_ = false;
};

TEST(Reflector, RunsOnItsOwnThreadAndStopsAtOnceWhileItWaits) {
  FakeTransport transport;
  // No list by watch, a list, a watch.
  transport.watches.push_back({.end = StreamEnd{StreamEnd::Kind::kStatus, {422, "", {}}}});
  transport.answers.push_back(Response{200, ListJson({}, "5"), {}});
  transport.watches.push_back({.chunks = {EventJson("ADDED", "a", "6")}});
  MonotonicClock clock;
  Waiter waiter;
  Reflector reflector(
      {"services", "/s", ""}, transport, clock, [] { return 0.9; }, waiter);
  reflector.Start();
  EXPECT_TRUE(waiter.WaitForApply());
  EXPECT_TRUE(waiter.WaitForFailure());  // the script is over: it backs off
  const auto start = steady_clock::now();
  reflector.Stop();
  EXPECT_LT(steady_clock::now() - start, seconds(1));
  reflector.Stop();
  EXPECT_EQ(reflector.counters().added, 1u);
}

TEST(Reflector, StopsWithoutStart) {
  FakeTransport transport;
  MonotonicClock clock;
  Waiter waiter;
  Reflector reflector(
      {"services", "/s", ""}, transport, clock, [] { return 0.0; }, waiter);
  reflector.Stop();
  EXPECT_TRUE(transport.Requests().empty());
}

}  // namespace
}  // namespace stevedore::kube
