#include "controller/app.h"

#include <ifaddrs.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/signalfd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <random>
#include <thread>

#include "controller/compile/report_text.h"
#include "controller/kube/credentials.h"
#include "controller/kube/rest_transport.h"
#include "controller/metrics.h"
#include "controller/publish/ack_reader.h"
#include "controller/publish/status_board.h"
#include "controller/publish/status_writer.h"
#include "controller/source/directory.h"
#include "controller/source/kubernetes.h"
#include "controller/sync_loop.h"
#include "proxy/base/http_endpoint.h"
#include "proxy/base/log.h"
#include "proxy/base/metrics_page.h"
#include "proxy/base/process_metrics.h"
#include "proxy/base/version.h"
#include "proxy/config/json_codec.h"

namespace stevedore {
namespace {

// Addresses of this machine or pod: a peer there on a listener's port would be a loop.
std::vector<config::IpAddress> LocalAddresses() {
  std::vector<config::IpAddress> addresses;
  ifaddrs* list = nullptr;
  if (::getifaddrs(&list) != 0) return addresses;
  for (const ifaddrs* entry = list; entry != nullptr; entry = entry->ifa_next) {
    if (entry->ifa_addr == nullptr) continue;
    if (entry->ifa_addr->sa_family == AF_INET) {
      const auto* v4 = reinterpret_cast<const sockaddr_in*>(entry->ifa_addr);
      addresses.push_back(config::IpAddress::V4(ntohl(v4->sin_addr.s_addr)));
    } else if (entry->ifa_addr->sa_family == AF_INET6) {
      const auto* v6 = reinterpret_cast<const sockaddr_in6*>(entry->ifa_addr);
      config::IpAddress ip;
      std::memcpy(ip.bytes.data(), &v6->sin6_addr, 16);
      addresses.push_back(ip);
    }
  }
  ::freeifaddrs(list);
  return addresses;
}

std::function<double()> Random() {
  return [] {
    thread_local std::mt19937_64 engine{std::random_device{}()};
    return std::uniform_real_distribution<double>(0, 1)(engine);
  };
}

// The API server's side, in cluster mode.
struct Cluster {
  Cluster(kube::ClusterAccess access, const Clock& clock, const std::string& user_agent)
      : credentials(std::move(access), clock), transport(credentials, clock, Options(user_agent)) {}
  static kube::RestOptions Options(const std::string& user_agent) {
    kube::RestOptions options;
    options.user_agent = user_agent;
    return options;
  }
  kube::Credentials credentials;
  kube::RestTransport transport;
  std::unique_ptr<source::KubernetesSource> source;
};

std::string Environment(const char* name, const std::string& otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? otherwise : value;
}

// Everything that runs, in the order of construction; destruction goes backwards, so that sources
// stop before the store goes.
class App {
 public:
  explicit App(ControllerOptions options)
      : options_(std::move(options)),
        store_(options_.watch_namespaces.empty() || !options_.directory.empty()
                   ? std::vector<std::string>{""}
                   : options_.watch_namespaces),
        writer_(options_.proxy_config) {}

  Result<> Start() {
    auto ack = publish::AckReader::Start(options_.proxy_status, [this] { store_.Wake(); });
    if (!ack) return ack.error();
    ack_ = std::move(*ack);
    auto opened = options_.directory.empty() ? OpenCluster() : OpenDirectory();
    if (!opened) return opened;
    options_.compile.own_addresses = LocalAddresses();
    options_.compile.directory_mode = !options_.directory.empty();
    loop_ = std::make_unique<SyncLoop>(SyncParts{store_, writer_, *sink_,
                                                 [this] { return ack_->Latest(); }, clock_,
                                                 options_.compile, name_});
    if (auto started = StartSource(); !started) return started;
    if (auto served = ServeHttp(); !served) return served;
    sync_thread_ = std::thread([this] { loop_->Run(); });
    return Ok();
  }

  ~App() {
    if (cluster_) cluster_->source->Stop();
    directory_.reset();
    if (sync_thread_.joinable()) {
      loop_->Stop();
      sync_thread_.join();
    }
    http_.reset();
  }
  App(const App&) = delete;
  App& operator=(const App&) = delete;

 private:
  Result<> OpenCluster() {
    auto access =
        kube::FindClusterAccess(options_.kubeconfig, options_.context,
                                kube::kServiceAccountDirectory, kube::ProcessEnvironment());
    if (!access) return access.error();
    spdlog::info("Using API server host={} port={} credentials={}", access->server.host,
                 access->server.port, access->name);
    name_ = Environment("POD_NAMESPACE", access->ns) + "/" + options_.compile.class_name;
    cluster_ = std::make_unique<Cluster>(std::move(*access), clock_,
                                         kube::UserAgent(Environment("POD_NAME", "unnamed")));
    sink_ = std::make_unique<publish::StatusWriter>(cluster_->transport, clock_);
    cluster_->source = std::make_unique<source::KubernetesSource>(
        cluster_->transport, clock_, store_, options_.watch_namespaces, Random(), nullptr);
    return Ok();
  }

  Result<> OpenDirectory() {
    name_ = "local/" + options_.compile.class_name;
    auto board = std::make_unique<publish::StatusBoard>(options_.status_dir);
    board_ = board.get();
    sink_ = std::move(board);
    return Ok();
  }

  Result<> StartSource() {
    if (cluster_) {
      cluster_->source->Start();
      return Ok();
    }
    auto source = source::DirectorySource::Start(
        options_.directory, store_, [](const std::vector<source::SourceProblem>& problems) {
          for (const source::SourceProblem& problem : problems)
            spdlog::warn("Kept the last good objects of file={} error=\"{}\"", problem.file,
                         problem.message);
        });
    if (!source) return source.error();
    directory_ = std::move(*source);
    return Ok();
  }

  Result<> ServeHttp() {
    ControllerMetrics::Watches watches;
    if (cluster_) watches = [this] { return cluster_->source->Reports(); };
    std::map<std::string, HttpEndpoint::Handler> handlers;
    handlers["/metrics"] = MetricsPage(
        {std::make_shared<ProcessMetrics>("controller"),
         std::make_shared<ControllerMetrics>([this] { return loop_->numbers(); }, watches)});
    handlers["/healthz"] = [](const std::string&) { return HttpReply{200, "text/plain", "ok\n"}; };
    handlers["/readyz"] = [this](const std::string&) {
      return loop_->ready() ? HttpReply{200, "text/plain", "ok\n"}
                            : HttpReply{503, "text/plain", "objects not listed yet\n"};
    };
    if (board_ != nullptr)
      handlers["/status"] = [this](const std::string&) {
        return HttpReply{200, "application/json", board_->Page()};
      };
    auto endpoint = HttpEndpoint::Start(options_.metrics_address, std::move(handlers));
    if (!endpoint) return endpoint.error();
    http_ = std::move(*endpoint);
    spdlog::info("Serving metrics address={}", http_->address());
    return Ok();
  }

  ControllerOptions options_;
  MonotonicClock clock_;
  store::Store store_;
  publish::ConfigWriter writer_;
  std::string name_;
  std::unique_ptr<publish::AckReader> ack_;
  std::unique_ptr<Cluster> cluster_;
  std::unique_ptr<publish::StatusSink> sink_;
  publish::StatusBoard* board_ = nullptr;  // the sink, in directory mode
  std::unique_ptr<SyncLoop> loop_;
  std::unique_ptr<source::DirectorySource> directory_;
  std::unique_ptr<HttpEndpoint> http_;
  std::thread sync_thread_;
};

}  // namespace

int RunController(ControllerOptions options) {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread, so that all inherit it
  ::signal(SIGPIPE, SIG_IGN);
  spdlog::info("Starting stevedore-controller version={} revision={}", Version(), Revision());
  {
    App app(std::move(options));
    if (auto started = app.Start(); !started) {
      spdlog::error("Could not start error=\"{}\"", started.error().detail);
      return 1;
    }
    int signal = 0;
    ::sigwait(&signals, &signal);
    spdlog::info("Stopping signal={}", signal);
  }
  return 0;
}

int RunCompile(const std::vector<std::string>& paths, compile::CompileOptions options) {
  const source::Manifests manifests = source::LoadManifests(paths);
  store::Store store;
  source::Deliver(manifests, store);
  const compile::CompileOutput output = compile::Compile(*store.View(), options);
  std::fputs(config::Encode(output.config).c_str(), stdout);
  for (const source::SourceProblem& problem : manifests.problems)
    std::fprintf(stderr, "%s: %s\n", problem.file.c_str(), problem.message.c_str());
  for (const std::string& line : compile::ProblemLines(output))
    std::fprintf(stderr, "%s\n", line.c_str());
  return manifests.problems.empty() && !compile::HasErrors(output) ? 0 : 1;
}

}  // namespace stevedore
