#include "proxy/control/control_loop.h"

#include <sys/resource.h>

#include <algorithm>
#include <ctime>
#include <utility>

#include "proxy/base/file.h"
#include "proxy/base/local_addresses.h"
#include "proxy/base/log.h"
#include "proxy/base/metrics_page.h"
#include "proxy/base/process_metrics.h"
#include "proxy/config/limits.h"
#include "proxy/control/probe_targets.h"

namespace stevedore::control {
namespace {

constexpr std::uint64_t kConfigTag = 1;
constexpr std::uint64_t kSignalTag = 2;
constexpr std::chrono::seconds kAddressInterval{10};
constexpr int kNiceness = 10;

}  // namespace

ControlLoop::ControlLoop(ControlOptions options, net::EventLoop loop, Signals signals)
    : options_(std::move(options)),
      loop_(std::move(loop)),
      signals_(std::move(signals)),
      registry_(options_.workers.workers),
      builder_(registry_),
      binder_(registry_),
      watcher_(options_.config_path, loop_, kConfigTag),
      status_(options_.status_path) {}

ControlLoop::~ControlLoop() = default;

Result<std::unique_ptr<ControlLoop>> ControlLoop::Start(ControlOptions options,
                                                        const StartWorkers& start_workers) {
  // Before any thread, so that all inherit the blocked signals.
  auto signals = Signals::Open();
  if (!signals) return signals.error();
  auto loop = net::EventLoop::Create();
  if (!loop) return loop.error();
  std::unique_ptr<ControlLoop> control(
      new ControlLoop(std::move(options), std::move(*loop), std::move(*signals)));
  if (!control->loop_.Add(control->signals_.fd(), kSignalTag))
    return Error{Errc::kUnavailable, "epoll refuses the signal descriptor"};
  if (auto started = control->StartParts(start_workers); !started) return started.error();
  if (auto loaded = control->LoadFirst(); !loaded) return loaded.error();
  if (auto served = control->ServeHttp(); !served) return served.error();
  return control;
}

Result<> ControlLoop::StartParts(const StartWorkers& start_workers) {
  auto workers = start_workers(options_.workers, holder_);
  if (!workers) return workers.error();
  workers_ = std::move(*workers);
  auto prober = health::Prober::Start([this](const health::ProbeChange& change) {
    spdlog::log(change.passing ? spdlog::level::info : spdlog::level::warn,
                "Peer changed health upstream={} peer={} passing={}", change.upstream,
                change.address.ToString(), change.passing);
    health_changed_.store(true, std::memory_order_release);
    loop_.Wake();
  });
  if (!prober) return prober.error();
  prober_ = std::move(*prober);
  const auto gauges = [this] { return workers_->Gauges(); };
  exporter_ = std::make_shared<report::MetricsExporter>(in_force_, book_, prober_->stats(), gauges);
  page_ = std::make_unique<report::LivePage>(in_force_, book_, prober_->stats(), clock_, gauges);
  RefreshAddresses();
  return Ok();
}

Result<> ControlLoop::ServeHttp() {
  std::map<std::string, HttpEndpoint::Handler> handlers;
  handlers["/metrics"] = MetricsPage({std::make_shared<ProcessMetrics>("proxy"), exporter_});
  handlers["/healthz"] = [](const std::string&) {
    return HttpReply{200, "text/plain; charset=utf-8", "ok\n"};
  };
  handlers["/readyz"] = [this](const std::string&) { return readiness_.Reply(); };
  if (options_.live_page) handlers.merge(page_->Handlers());
  auto endpoint = HttpEndpoint::Start(options_.metrics_address, std::move(handlers));
  if (!endpoint) return endpoint.error();
  http_ = std::move(*endpoint);
  spdlog::info("Serving metrics address={}", http_->address());
  return Ok();
}

Result<> ControlLoop::LoadFirst() {
  if (Load()) return Ok();
  if (options_.wait_for_config) {
    TellStatus();  // that of an earlier run may stand in the file
    return Ok();
  }
  const config::FieldErrors& errors = loader_.attempt().errors;
  return Error{Errc::kInvalid, "no valid config in " + options_.config_path +
                                   (errors.empty() ? "" : ": " + ToString(errors.front()))};
}

bool ControlLoop::Load() {
  auto text = ReadFile(options_.config_path, config::kMaxConfigBytes);
  if (!text) {
    // Gone is not bad: who waits for the first one, or has one in force, just goes on.
    if (text.error().code == Errc::kNotFound && (config_ || options_.wait_for_config)) return false;
    loader_.Reject(text.error());
  } else if (loader_.Seen(*text)) {
    FoundAgain();
    return false;
  } else {
    ConfigLoader::Outcome outcome = loader_.Load(*text);
    for (const config::FieldError& note : outcome.notes)
      spdlog::info("Noted in config {}", ToString(note));
    if (outcome.config) {
      Apply(*outcome.config);
      return true;
    }
  }
  for (const config::FieldError& error : loader_.attempt().errors)
    spdlog::error("Rejected config file={} error=\"{}\"", options_.config_path, ToString(error));
  TellStatus();
  return false;
}

// Who compares the time with the file's must not take what is in force for older than the file.
void ControlLoop::FoundAgain() {
  if (!loader_.attempt().applied) return;
  applied_at_ = static_cast<double>(std::time(nullptr));
  TellStatus();
}

void ControlLoop::Apply(const config::ValidConfig& config) {
  config_ = config;
  digest_ = loader_.attempt().digest;
  applied_at_ = static_cast<double>(std::time(nullptr));
  builder_.Register({*config_, addresses_, clock_.Now()});
  BindListeners();
  prober_->Update(ProbeTargets(*config_, registry_), ListenerPorts(*config_));
  Publish();
  spdlog::info("Applied config digest={} listeners={} upstreams={}", digest_,
               (*config_)->listeners.size(), (*config_)->upstreams.size());
}

bool ControlLoop::BindListeners() {
  const auto events = binder_.Bind(*config_, clock_.Now());
  for (const ListenerBinder::Event& event : events) {
    if (!event.error.empty()) {
      spdlog::error("Could not bind listener name={} address={} error=\"{}\"", event.name,
                    event.address.ToString(), event.error);
      continue;
    }
    spdlog::info("Bound listener name={} address={} receive_buffer_bytes={}", event.name,
                 event.address.ToString(), event.receive_buffer);
    if (const auto advice = buffer_advice_.For(event.receive_buffer)) spdlog::warn(*advice);
  }
  return !events.empty();
}

void ControlLoop::Publish() {
  auto snapshot = builder_.Build({*config_, addresses_, clock_.Now()});
  const auto bound =
      std::count_if(snapshot->listeners.begin(), snapshot->listeners.end(),
                    [](const auto& listener) { return listener.sockets != nullptr; });
  readiness_.SetListeners(snapshot->listeners.size(), static_cast<std::size_t>(bound));
  book_.SetSnapshot(snapshot);
  holder_.Publish(std::move(snapshot));
  workers_->Wake();
  TellStatus();
}

void ControlLoop::TellStatus() {
  report::InForce in_force;
  in_force.config = config_;
  in_force.snapshot = book_.snapshot();
  in_force.reloads = loader_.successes();
  in_force.failed_reloads = loader_.failures();
  in_force.applied_at = applied_at_;
  in_force.sessions_limit = options_.workers.max_sessions;
  config::ProxyStatus& status = in_force.status;
  status.digest = digest_;
  status.last_attempt = loader_.attempt();
  if (in_force.snapshot) {
    for (const runtime::ListenerEntry& listener : in_force.snapshot->listeners)
      status.listeners.push_back(
          {listener.name, listener.sockets != nullptr,
           registry_.listeners.entries().at(listener.address).value.bind_error});
    status.upstreams = runtime::CountPeers(*in_force.snapshot, *config_, registry_);
  }
  status_.Set(status);
  status_.Flush(clock_.Now());
  in_force_.Set(std::move(in_force));  // last: who sees the reload counted finds the file written
}

void ControlLoop::RefreshAddresses() {
  next_addresses_ = clock_.Now() + kAddressInterval;
  const auto found = LocalAddresses();
  if (!found) return;
  std::vector<config::IpAddress> addresses;
  for (const auto& bytes : *found) addresses.push_back({bytes});
  if (addresses == addresses_) return;
  addresses_ = std::move(addresses);
  if (config_) Publish();
}

void ControlLoop::TakeSignals() {
  while (const auto signal = signals_.Take()) {
    if (*signal == Signals::Kind::kReload) {
      Load();
    } else if (draining_since_) {
      leave_now_ = true;
    } else {
      draining_since_ = clock_.Now();
      readiness_.SetDraining();
      spdlog::info("Draining timeout_seconds={}", options_.drain_timeout.count());
    }
  }
}

void ControlLoop::EverySecond(Nanos now) {
  next_second_ = now + std::chrono::seconds(1);
  if (watcher_.Poll()) Load();
  book_.ReadKernelDrops();
  book_.Settle(workers_->OldestGeneration());
  drop_log_.Look(book_.Totals(), now);
  if (now >= next_addresses_) RefreshAddresses();
}

bool ControlLoop::Finished(Nanos now) const {
  if (!draining_since_) return false;
  return leave_now_ || now - *draining_since_ >= options_.drain_timeout;
}

std::chrono::milliseconds ControlLoop::UntilNext(Nanos now) const {
  Nanos next = next_second_;
  if (const auto retry = binder_.next_retry()) next = std::min(next, *retry);
  if (const auto deadline = builder_.next_deadline()) next = std::min(next, *deadline);
  const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
  return std::clamp(wait, std::chrono::milliseconds(0), std::chrono::milliseconds(1000));
}

void ControlLoop::Run() {
  // A large config takes tens of milliseconds: where a worker shares the processor, it comes first.
  ::setpriority(PRIO_PROCESS, 0, kNiceness);  // 0: this thread
  for (Nanos now = clock_.Now(); !Finished(now); now = clock_.Now()) {
    for (const net::EventLoop::Event& event : loop_.Wait(UntilNext(now))) {
      if (event.tag == kSignalTag) TakeSignals();
      if (event.tag == kConfigTag && watcher_.OnEvent()) Load();
    }
    now = clock_.Now();
    if (now >= next_second_) EverySecond(now);
    if (config_) {
      const auto retry = binder_.next_retry();
      const auto deadline = builder_.next_deadline();
      const bool rebound = retry && *retry <= now && BindListeners();
      if (health_changed_.exchange(false) || rebound || (deadline && *deadline <= now)) Publish();
    }
    status_.Flush(now);
  }
  spdlog::info("Stopping");
}

}  // namespace stevedore::control
