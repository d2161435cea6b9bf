#include <gtest/gtest.h>

#include "tests/controller/sync_loop_fixture.h"

namespace stevedore {
namespace {

// Keeps what it is asked to publish.
class KeepingPorts final : public publish::PortPublisher {
 public:
  const kube::Key& service() const override { return service_; }
  bool Publish(const std::set<std::int64_t>& wanted,
               const std::shared_ptr<const api::Service>& live) override {
    const std::lock_guard lock(mutex_);
    wanted_ = wanted;
    exists_ = live != nullptr;
    return std::exchange(news_, false);
  }
  std::string ProblemOf(std::int64_t) const override {
    const std::lock_guard lock(mutex_);
    return problem_;
  }
  bool Asked(const std::set<std::int64_t>& wanted, bool exists) {
    const std::lock_guard lock(mutex_);
    return wanted_ == wanted && exists_ == exists;
  }
  void SetProblem(const std::string& problem) {
    const std::lock_guard lock(mutex_);
    problem_ = problem;
    news_ = true;
  }

 private:
  const kube::Key service_{"edge", "udp"};
  mutable std::mutex mutex_;
  std::set<std::int64_t> wanted_;
  bool exists_ = false;
  bool news_ = false;
  std::string problem_;
};

TEST_F(SyncLoopTest, PublishesPortsAndTellsWhatIsWrongWithThem) {
  KeepingPorts ports;
  ports_ = &ports;
  Start();
  Feed({Route("a", 7000), Route("b", 7001)});
  EXPECT_TRUE(WaitUntil([&] { return ports.Asked({7000, 7001}, false); }));
  store_.Apply(Kind::kService, {{"edge", "udp"}, R"({"spec":{"ports":[{"port":1}]}})", ""});
  EXPECT_TRUE(WaitUntil([&] { return ports.Asked({7000, 7001}, true); }));
  ASSERT_TRUE(WaitForPorts("7000 7001"));
  Acknowledge();
  ASSERT_TRUE(WaitFor("a", "True/Programmed"));

  // It is told without any other news.
  ports.SetProblem("no nodePort is left");
  store_.Wake();
  EXPECT_TRUE(WaitUntil([&] {
    for (const api::Condition& condition : sink_.Latest("a").status.conditions)
      if (condition.type == "Programmed") return condition.message == "no nodePort is left";
    return false;
  }));
  Stop();
}

}  // namespace
}  // namespace stevedore
