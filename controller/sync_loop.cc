#include "controller/sync_loop.h"

#include <algorithm>
#include <ctime>

#include "controller/compile/published_service.h"
#include "controller/compile/report_text.h"
#include "controller/publish/route_statuses.h"
#include "proxy/base/log.h"
#include "proxy/base/timestamp.h"

namespace stevedore {
namespace {

constexpr std::chrono::milliseconds kIdleWait{1000};
constexpr std::chrono::milliseconds kRetryWait{250};

}  // namespace

SyncLoop::SyncLoop(SyncParts parts) : parts_(std::move(parts)), tracker_(parts_.replicas.self()) {}

void SyncLoop::Run() {
  std::uint64_t seen = 0;
  for (;;) {
    const bool pending =
        write_pending_ || publish_pending_ || tracker_.Due(ack_, parts_.clock.Now());
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
  meter_.Begin(parts_.clock.Now(), parts_.store.TakeNewsTime());
  const auto view = parts_.store.View();
  const bool news = view->content != compiled_content_ || !ready();
  // The echo of a status that was written is none: it only moves the object's version.
  const bool versions = std::exchange(seen_generation_, view->generation) != view->generation;
  const bool retry = !news && (write_pending_ || publish_pending_);
  const bool write = news || write_pending_ || !ConfigInPlace();
  if (news) Compile(*view);
  if (write) Write();
  ready_.store(true, std::memory_order_release);
  const bool ports_news = PublishPorts(*view);
  if (AnswersAreNew() || news || versions || ports_news || publish_pending_ || parts_.sink.due())
    publish_pending_ = !PublishStatuses(*view);
  meter_.End(parts_.clock.Now(), {write, retry, publish_pending_});
}

void SyncLoop::Compile(const store::ClusterView& view) {
  output_ = compile::Compile(view, parts_.compile);
  compiled_content_ = view.content;
  publish::Routes accepted;
  publish::Routes refused;
  for (const compile::RouteReport& report : output_.reports)
    (report.is_accepted() ? accepted : refused)[report.key] = view.routes.at(report.key).object;
  const auto routes = publish::MakeRouteSet(std::move(accepted), refused);
  tracker_.Compiled(routes);
  replica_tracker_.Compiled(routes);
  TellProblems();
}

// The file may have been removed or changed behind our back.
bool SyncLoop::ConfigInPlace() {
  if (parts_.writer.InPlace()) return true;
  if (!write_pending_) spdlog::warn("Config file is gone or was changed, writing it again");
  return false;
}

void SyncLoop::Write() {
  using Outcome = publish::ConfigWriter::Outcome;
  const auto outcome = parts_.writer.Write(output_.config);
  // A config that is not valid is not so a moment later either: only news can help.
  write_pending_ = !outcome && outcome.error().code != Errc::kInternal;
  const std::string error = outcome ? "" : outcome.error().detail;
  if (!error.empty() && error != told_error_)
    spdlog::error("Could not write config error=\"{}\"", error);
  told_error_ = error;
  if (outcome) tracker_.Wrote(parts_.writer.digest());
  using How = SyncMeter::Write;
  How how = How::kFailed;
  if (outcome) how = *outcome == Outcome::kWritten ? How::kWritten : How::kUnchanged;
  meter_.Wrote(how, parts_.writer.size_bytes(), parts_.clock.Now(),
               static_cast<double>(std::time(nullptr)));
  if (how == How::kWritten)
    spdlog::info("Wrote config digest={} listeners={} upstreams={}", parts_.writer.digest(),
                 output_.config.listeners.size(), output_.config.upstreams.size());
}

// Each problem once, when it appears.
void SyncLoop::TellProblems() {
  std::vector<std::string> lines = compile::ProblemLines(output_);
  for (const std::string& line : lines)
    if (std::find(told_.begin(), told_.end(), line) == told_.end())
      spdlog::warn("Found problem {}", line);
  told_ = std::move(lines);
}

bool SyncLoop::AnswersAreNew() {
  publish::Ack ack = parts_.ack();
  auto replicas = parts_.replicas.Others();
  const bool is_new = ack.status != ack_.status || replicas != replicas_ ||
                      tracker_.Due(ack, parts_.clock.Now()) || replica_tracker_.waiting();
  ack_ = std::move(ack);
  replicas_ = std::move(replicas);
  return is_new;
}

// When our proxy falls out of step, and when it is back.
void SyncLoop::TellProxy(const api::ReplicaReport& own) {
  using api::ProxyState;
  const bool bad = own.proxy == ProxyState::kSilent || own.proxy == ProxyState::kLate ||
                   own.proxy == ProxyState::kRejected;
  if (bad && !told_proxy_)
    spdlog::warn("Proxy does not run the config state={} error=\"{}\"", ToString(own.proxy),
                 own.refusal);
  if (own.proxy == ProxyState::kRuns && told_proxy_) spdlog::info("Proxy runs the config again");
  if (bad || own.proxy == ProxyState::kRuns) told_proxy_ = bad;
}

bool SyncLoop::PublishPorts(const store::ClusterView& view) {
  if (parts_.ports == nullptr) return false;
  const auto live = view.services.find(parts_.ports->service());
  return parts_.ports->Publish(compile::PublishablePorts(output_.config),
                               live == view.services.end() ? nullptr : live->second.object);
}

bool SyncLoop::PublishStatuses(const store::ClusterView& view) {
  const Nanos now = parts_.clock.Now();
  publish::ReplicaAnswers answers{{tracker_.Answer(ack_, now)}, replicas_->unknown};
  TellProxy(answers.replicas.front().report);
  parts_.replicas.Tell(answers.replicas.front().report);
  for (publish::ReplicaAnswer& answer : replica_tracker_.Answers(replicas_->live, now))
    answers.replicas.push_back(std::move(answer));
  if (replicas_->settling) return false;
  const publish::StatusContext context{parts_.controller_name, TimestampNow(), parts_.ports};
  std::vector<publish::RouteUpdate> updates;
  updates.reserve(output_.reports.size());
  for (const compile::RouteReport& report : output_.reports) {
    // None is missing: a route that went is content, and was compiled away.
    const api::StevedoreRoute& object = *view.routes.at(report.key).object;
    publish::RouteUpdate update{report.key,    object.meta.uid, object.meta.resource_version,
                                report.origin, object.status,   {}};
    update.status = publish::MakeStatus(report, answers, update.former, context);
    updates.push_back(std::move(update));
  }
  CountRoutes(updates);
  return parts_.sink.Publish(updates);
}

void SyncLoop::CountRoutes(const std::vector<publish::RouteUpdate>& updates) {
  std::map<std::pair<std::string, std::string>, int> routes;
  for (const publish::RouteUpdate& update : updates)
    for (const api::Condition& condition : update.status.conditions)
      ++routes[{condition.type, condition.status}];
  meter_.Routes(std::move(routes));
}

SyncNumbers SyncLoop::numbers() const {
  SyncNumbers numbers = meter_.numbers(parts_.clock.Now());
  numbers.news_waiting = parts_.store.NewsWaiting();
  numbers.objects = parts_.store.Counts();
  return numbers;
}

}  // namespace stevedore
