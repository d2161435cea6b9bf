#include "controller/publish/leader_elector.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "proxy/base/log.h"
#include "proxy/base/timestamp.h"

namespace stevedore::publish {
namespace {

constexpr std::chrono::milliseconds kReleaseTimeout{2000};

}  // namespace

LeaderElector::LeaderElector(kube::Transport& transport, const Clock& clock, LeaderOptions options,
                             std::function<double()> random)
    : clock_(clock),
      options_(std::move(options)),
      random_(std::move(random)),
      client_(transport),
      last_client_(transport, kReleaseTimeout),
      election_(options_.lease, options_.identity, options_.timing) {}

void LeaderElector::Start(std::function<void()> changed) {
  changed_ = std::move(changed);
  thread_ = std::jthread([this](const std::stop_token& stop) { Run(stop); });
}

void LeaderElector::Stop() {
  if (!thread_.joinable()) return;
  thread_.request_stop();
  thread_.join();
  Release();
}

bool LeaderElector::MayWrite() const noexcept {
  return clock_.Now().count() < writes_until_.load(std::memory_order_acquire);
}

void LeaderElector::Run(const std::stop_token& stop) {
  spdlog::info("Taking part in leader election lease={} identity={}", options_.lease.ToString(),
               options_.identity);
  std::mutex mutex;
  std::condition_variable_any never;
  while (!stop.stop_requested()) {
    const Result<> done = Attempt(stop);
    if (stop.stop_requested()) return;
    TellError(done);
    TellState();
    std::unique_lock lock(mutex);
    never.wait_for(lock, stop, election_.Delay(clock_.Now(), random_()), [] { return false; });
  }
}

// Reads where that is needed, and writes what is wanted. A holder whose write failed looks at once
// what there is: there may be no time for another turn.
Result<> LeaderElector::Attempt(const std::stop_token& stop) {
  for (;;) {
    const bool renewal = !election_.needs_read();
    if (!renewal) {
      const auto answer = client_.Get(options_.lease, stop);
      election_.Read(answer, clock_.Now());
      StoreState();
      if (!answer && answer.error().code != Errc::kNotFound) return answer.error();
    }
    const auto wanted = election_.Wanted(clock_.Now(), MicroTimestampNow());
    if (!wanted) return Ok();
    const Nanos sent = clock_.Now();
    const auto answer = wanted->resource_version.empty() ? client_.Create(*wanted, stop)
                                                         : client_.Update(*wanted, stop);
    election_.Wrote(answer, sent, clock_.Now());
    StoreState();
    if (answer) return Ok();
    if (renewal && !stop.stop_requested()) continue;
    if (answer.error().code == Errc::kConflict) return Ok();  // another was faster
    return answer.error();
  }
}

void LeaderElector::StoreState() {
  writes_until_.store(election_.writes_until().count(), std::memory_order_release);
}

void LeaderElector::Release() {
  if (election_.writes_until() == Nanos(0)) return;
  writes_until_.store(0, std::memory_order_release);
  // The last renewal may have been cut: then the Lease is newer than what we know, once.
  for (int attempt = 0; attempt < 2; ++attempt) {
    if (election_.needs_read()) election_.Read(last_client_.Get(options_.lease), clock_.Now());
    const auto released = election_.Released(MicroTimestampNow());
    if (!released) return;
    const Nanos sent = clock_.Now();
    const auto answer = last_client_.Update(*released);
    if (answer) {
      spdlog::info("Gave up leadership lease={}", options_.lease.ToString());
      return;
    }
    election_.Wrote(answer, sent, clock_.Now());
  }
}

void LeaderElector::TellState() {
  const std::string lease = options_.lease.ToString();
  const std::string& holder = election_.holder();
  const bool leads = MayWrite();
  if (leads && !leading_) spdlog::info("Became leader lease={}", lease);
  if (!leads && leading_)
    spdlog::warn("Lost leadership, writing no status lease={} holder={}", lease, holder);
  if (!leads && !holder.empty() && holder != options_.identity && holder != told_holder_)
    spdlog::info("Another replica leads lease={} holder={}", lease, holder);
  told_holder_ = holder;
  if (leads == leading_) return;
  leading_ = leads;
  if (changed_) changed_();
}

void LeaderElector::TellError(const Result<>& done) {
  const std::string error = done ? "" : done.error().detail;
  const std::string lease = options_.lease.ToString();
  if (error.empty() && !told_error_.empty()) spdlog::info("Lease works again lease={}", lease);
  if (!error.empty() && error != told_error_) {
    if (done.error().code == Errc::kDenied)
      spdlog::error(
          "May not use the Lease, so no status is written, will retry lease={} error=\"{}\"", lease,
          error);
    else
      spdlog::warn("Could not use the Lease, will retry lease={} error=\"{}\"", lease, error);
  }
  told_error_ = error;
}

}  // namespace stevedore::publish
