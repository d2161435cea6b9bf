#include "controller/app.h"

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "controller/cluster_mode.h"
#include "controller/directory_mode.h"
#include "controller/metrics.h"
#include "proxy/base/local_addresses.h"
#include "proxy/base/log.h"
#include "proxy/base/metrics_page.h"
#include "proxy/base/process_metrics.h"

namespace stevedore {
namespace {

// A directory is always one scope.
std::vector<std::string> Scopes(const ControllerOptions& options) {
  if (!options.directory.empty() || options.watch_namespaces.empty()) return {""};
  return options.watch_namespaces;
}

std::vector<store::Scope> FurtherScopes(const ControllerOptions& options) {
  const auto service = UnwatchedService(options);
  if (!service) return {};
  return {{source::Kind::kService, service->ns}};
}

}  // namespace

App::App(ControllerOptions options)
    : options_(std::move(options)),
      store_(Scopes(options_), FurtherScopes(options_), &clock_),
      writer_(options_.proxy_config) {
  options_.compile.directory_mode = !options_.directory.empty();
}

Result<std::unique_ptr<App>> App::Start(ControllerOptions options) {
  std::unique_ptr<App> app(new App(std::move(options)));
  if (auto started = app->StartParts(); !started) return started.error();
  return app;
}

Result<> App::StartParts() {
  const auto local = LocalAddresses();
  if (!local) return local.error();
  for (const auto& bytes : *local) options_.compile.own_addresses.push_back({bytes});
  auto ack = publish::AckReader::Start(options_.proxy_status, clock_, [this] { store_.Wake(); });
  if (!ack) return ack.error();
  ack_ = std::move(*ack);
  auto mode = options_.directory.empty()
                  ? ClusterMode::Open(options_, clock_, kube::ProcessEnvironment())
                  : DirectoryMode::Open(options_);
  if (!mode) return mode.error();
  mode_ = std::move(*mode);
  loop_ = std::make_unique<SyncLoop>(SyncParts{
      store_, writer_, mode_->statuses(), mode_->replicas(), [this] { return ack_->Latest(); },
      clock_, options_.compile, mode_->controller_name(), mode_->ports()});
  if (auto started = mode_->Start(store_, [this] { store_.Wake(); }); !started) return started;
  if (auto served = ServeHttp(); !served) return served;
  sync_thread_ = std::thread([this] { loop_->Run(); });
  return Ok();
}

App::~App() {
  http_.reset();
  if (mode_) mode_->Stop();
  if (!sync_thread_.joinable()) return;
  loop_->Stop();
  sync_thread_.join();
}

Result<> App::ServeHttp() {
  std::map<std::string, HttpEndpoint::Handler> handlers = mode_->Pages();
  handlers["/metrics"] = MetricsPage(
      {std::make_shared<ProcessMetrics>("controller"), std::make_shared<ControllerMetrics>([this] {
         return ReadNumbers(loop_->numbers(), *mode_, options_.compile.class_name);
       })});
  handlers["/healthz"] = [](const std::string&) { return HttpReply{200, "text/plain", "ok\n"}; };
  handlers["/readyz"] = [this](const std::string&) {
    return loop_->ready() ? HttpReply{200, "text/plain", "ok\n"}
                          : HttpReply{503, "text/plain", "objects not listed yet\n"};
  };
  auto endpoint = HttpEndpoint::Start(options_.metrics_address, std::move(handlers));
  if (!endpoint) return endpoint.error();
  http_ = std::move(*endpoint);
  spdlog::info("Serving metrics address={}", http_->address());
  return Ok();
}

}  // namespace stevedore
