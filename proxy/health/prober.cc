#include "proxy/health/prober.h"

#include <algorithm>
#include <utility>

namespace stevedore::health {

Result<std::unique_ptr<Prober>> Prober::Start(ProbeEngine::OnChange on_change) {
  auto loop = net::EventLoop::Create();
  if (!loop) return loop.error();
  std::unique_ptr<Prober> prober(new Prober(std::move(*loop), std::move(on_change)));
  prober->thread_ = std::thread([self = prober.get()] { self->Run(); });
  return prober;
}

Prober::Prober(net::EventLoop loop, ProbeEngine::OnChange on_change)
    : loop_(std::move(loop)), engine_(loop_, stats_, std::move(on_change)) {}

Prober::~Prober() {
  stop_ = true;
  loop_.Wake();
  thread_.join();
}

void Prober::Update(std::vector<ProbeTarget> targets, const Ports& avoid) {
  {
    const std::lock_guard lock(mutex_);
    pending_ = Pending{std::move(targets), avoid};
  }
  loop_.Wake();
}

void Prober::TakePending() {
  std::optional<Pending> pending;
  {
    const std::lock_guard lock(mutex_);
    pending.swap(pending_);
  }
  if (!pending) return;
  std::vector<std::string> upstreams;
  for (const ProbeTarget& target : pending->targets) upstreams.push_back(target.upstream);
  std::sort(upstreams.begin(), upstreams.end());
  engine_.Apply(std::move(pending->targets), pending->avoid, clock_.Now());
  stats_.Keep(upstreams);
}

std::chrono::milliseconds Prober::UntilNext() const {
  const auto next = engine_.Next();
  if (!next) return std::chrono::milliseconds(60'000);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(*next - clock_.Now());
  return std::clamp(wait, std::chrono::milliseconds(0), std::chrono::milliseconds(60'000));
}

void Prober::Run() {
  while (!stop_) {
    const auto events = loop_.Wait(UntilNext());
    const Nanos now = clock_.Now();
    for (const net::EventLoop::Event& event : events) engine_.OnReadable(event, now);
    TakePending();
    engine_.Tick(clock_.Now());
  }
}

}  // namespace stevedore::health
