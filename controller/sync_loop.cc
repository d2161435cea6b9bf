#include "controller/sync_loop.h"

#include <algorithm>
#include <ctime>

#include "controller/compile/report_text.h"
#include "proxy/base/log.h"
#include "proxy/base/timestamp.h"

namespace stevedore {
namespace {

constexpr std::chrono::milliseconds kIdleWait{1000};
constexpr std::chrono::milliseconds kRetryWait{250};

}  // namespace

void SyncLoop::Run() {
  std::uint64_t seen = 0;
  for (;;) {
    const bool pending = write_pending_ || publish_pending_ || tracker_.waiting();
    seen = parts_.store.WaitForChange(seen, pending ? kRetryWait : kIdleWait);
    if (stop_.load(std::memory_order_acquire)) return;
    // Nothing is written over a former config while the picture has holes.
    if (parts_.store.Synced()) Sync();
  }
}

void SyncLoop::Stop() {
  stop_.store(true, std::memory_order_release);
  parts_.store.Wake();
}

void SyncLoop::Sync() {
  const auto view = parts_.store.View();
  const Nanos began = parts_.clock.Now();
  const bool news = view->generation != compiled_generation_ || !ready();
  const bool write = news || write_pending_;
  if (news) Compile(*view);
  if (write) Write();
  ready_.store(true, std::memory_order_release);
  auto ack = parts_.ack();
  const bool answered = ack != seen_ack_;
  seen_ack_ = std::move(ack);
  if (news || answered || publish_pending_ || tracker_.waiting())
    publish_pending_ = !PublishStatuses(*view);
  if (!write) return;
  const std::lock_guard lock(mutex_);
  numbers_.sync_seconds += std::chrono::duration<double>(parts_.clock.Now() - began).count();
}

void SyncLoop::Compile(const store::ClusterView& view) {
  output_ = compile::Compile(view, parts_.compile);
  compiled_generation_ = view.generation;
  publish::AckTracker::Routes accepted;
  for (const compile::RouteReport& report : output_.reports)
    if (report.is_accepted()) accepted[report.key] = view.routes.at(report.key).object;
  tracker_.Compiled(std::move(accepted));
  TellProblems();
}

void SyncLoop::Write() {
  const auto outcome = parts_.writer.Write(output_.config);
  // A config that is not valid is not so a moment later either: only news can help.
  write_pending_ = !outcome && outcome.error().code != Errc::kInternal;
  const std::string error = outcome ? "" : outcome.error().detail;
  if (!error.empty() && error != told_error_)
    spdlog::error("Could not write config error=\"{}\"", error);
  told_error_ = error;
  if (outcome) tracker_.Wrote(parts_.writer.digest());
  const std::lock_guard lock(mutex_);
  numbers_.config_bytes = parts_.writer.size_bytes();
  ++(outcome ? numbers_.syncs : numbers_.sync_errors);
  if (!outcome) {
    ++numbers_.config_write_errors;
  } else if (*outcome == publish::ConfigWriter::Outcome::kWritten) {
    ++numbers_.config_writes;
    numbers_.config_written_at = static_cast<double>(std::time(nullptr));
    spdlog::info("Wrote config digest={} listeners={} upstreams={}", parts_.writer.digest(),
                 output_.config.listeners.size(), output_.config.upstreams.size());
  }
}

// Each problem once, when it appears.
void SyncLoop::TellProblems() {
  std::vector<std::string> lines = compile::ProblemLines(output_);
  for (const std::string& line : lines)
    if (std::find(told_.begin(), told_.end(), line) == told_.end())
      spdlog::warn("Found problem {}", line);
  told_ = std::move(lines);
}

bool SyncLoop::PublishStatuses(const store::ClusterView& view) {
  const publish::ProxyAnswer answer = tracker_.Answer(seen_ack_, parts_.clock.Now());
  const publish::StatusContext context{parts_.controller_name, TimestampNow()};
  std::vector<publish::RouteUpdate> updates;
  updates.reserve(output_.reports.size());
  for (const compile::RouteReport& report : output_.reports) {
    const auto route = view.routes.find(report.key);
    publish::RouteUpdate update{report.key,    report.uid, report.resource_version,
                                report.origin, {},         {}};
    if (route != view.routes.end()) update.former = route->second.object->status;
    update.status = publish::MakeStatus(report, answer, update.former, context);
    updates.push_back(std::move(update));
  }
  CountRoutes(updates);
  return parts_.sink.Publish(updates);
}

void SyncLoop::CountRoutes(const std::vector<publish::RouteUpdate>& updates) {
  const std::lock_guard lock(mutex_);
  numbers_.routes.clear();
  for (const publish::RouteUpdate& update : updates)
    for (const api::Condition& condition : update.status.conditions)
      ++numbers_.routes[{condition.type, condition.status}];
}

SyncNumbers SyncLoop::numbers() const {
  const std::lock_guard lock(mutex_);
  return numbers_;
}

}  // namespace stevedore
